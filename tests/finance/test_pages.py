"""The finance pages over real settlements: what they show, what they cost, who may open them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from channels.models import ChannelAccount
from ecomhub import clock
from ecomhub.access import Role
from ecomhub.models import Event, User
from finance.accounting import plan
from finance.models import (
    FxRate,
    Journal,
    LineType,
    MoneyAccount,
    PeriodAct,
    Settlement,
    SettlementLine,
    SourceFile,
    TypeMapping,
)
from finance.statements import uploading
from orders.models import Order
from tests.browser.looking import logged_in, person, statements
from tests.finance.making import make_rate
from tests.finance.settling import AT, balances, take
from tests.finance.v2 import V2, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = (
    "/finance/",
    "/finance/import/",
    "/finance/layouts/",
    "/finance/suspense/",
    "/finance/suspense/?view=chosen",
    "/finance/ledger/",
    "/finance/ledger/accounts/1105/",
    "/finance/rates/",
    "/finance/close/",
    "/finance/reconcile/",
    "/finance/exceptions/",
)


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


@pytest.fixture
def posted(account: MoneyAccount, order: Order, tmp_path: Path) -> Settlement:
    """A posted settlement with an unknown type and a line without an order."""
    rows = [price("129.99"), fee("-19.50"), other("-39.99", "Subscription Fee"), other("-7.00", "Moon Tax")]
    take(account, V2(rows).write(tmp_path))
    return Settlement.objects.get()


def _text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_every_list_costs_six_statements_at_most_whatever_its_size(
    client: Client, account: MoneyAccount, posted: Settlement, tmp_path: Path
) -> None:
    few = {path: statements(client, path) for path in LISTS}
    for number in range(12):
        take(
            account,
            V2([price("10.00"), other("-1.00", f"Tax {number}")], number=f"70{number:02}").write(tmp_path),
        )
    assert {path: statements(client, path) for path in LISTS} == few
    assert {path: count for path, count in few.items() if count > 6} == {}
    assert statements(client, f"/finance/settlements/{posted.pk}/") <= 6


def test_the_list_shows_deposits_states_and_what_is_unexplained(
    client: Client, account: MoneyAccount, posted: Settlement, tmp_path: Path
) -> None:
    take(account, V2([price("50.00")], number="9002", total="48.00", month=4).write(tmp_path))
    html = _text(client, "/finance/")
    assert html.index("9002") < html.index("9001")
    assert "-7.00" in html
    assert "-2.00" in html
    only = _text(client, "/finance/?state=staged")
    assert "9002" in only
    assert "9001" not in only
    assert "9002" not in _text(client, "/finance/?month=2026-03")
    assert "9001" in _text(client, "/finance/?currency=USD")
    assert "9001" in _text(client, f"/finance/?account={account.pk}&q=900")


def test_pages_of_settlements_lead_on_and_back_without_gaps(
    client: Client, account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    for number in range(53):
        take(account, V2([price("1.00")], number=f"8{number:03}").write(tmp_path))
    first = client.get("/finance/").context
    second = client.get(first["pager"].next_url).context
    shown = [row.one.external_id for row in (*first["rows"], *second["rows"])]
    assert (len(first["rows"]), len(second["rows"]), len(set(shown))) == (50, 3, 53)
    back = client.get(second["pager"].previous_url).context
    assert [row.one.pk for row in back["rows"]] == [row.one.pk for row in first["rows"]]
    assert second["pager"].next_url is None


def test_a_settlement_is_followed_from_its_deposit_down_to_the_row_of_its_file(
    client: Client, posted: Settlement, order: Order
) -> None:
    page = client.get(f"/finance/settlements/{posted.pk}/")
    assert page.context["difference"] == 0
    assert page.context["unknown"] == Decimal("-7.00")
    bars = page.context["bars"]
    assert sum(bar.amount for bar in bars[:-1]) == bars[-1].amount == posted.total
    line = SettlementLine.objects.get(amount=Decimal("-19.50"))
    orders = _text(client, f"/finance/settlements/{posted.pk}/types/{line.line_type_id}/")
    assert order.external_id in orders
    lines = _text(
        client, f"/finance/settlements/{posted.pk}/types/{line.line_type_id}/lines/?order={line.order_ref}"
    )
    assert f"/finance/lines/{line.pk}/" in lines
    raw = client.get(f"/finance/lines/{line.pk}/")
    assert ("amount", "-19.50") in raw.context["raw"].cells
    assert ("order-id", order.external_id) in raw.context["raw"].cells
    assert Event.objects.filter(object_kind="source_file", kind="row_shown", actor="mei").count() == 1


def test_a_document_is_given_back_as_it_came_and_that_is_noted(client: Client, posted: Settlement) -> None:
    row = SourceFile.objects.get()
    assert row.digest in _text(client, f"/finance/files/{row.pk}/")
    answer = client.get(f"/finance/files/{row.pk}/download/")
    assert b"".join(answer.streaming_content).startswith(b"settlement-id\t")  # type: ignore[attr-defined]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert Event.objects.filter(object_kind="source_file", kind="downloaded", actor="mei").exists()


def test_files_are_taken_in_by_the_page_and_every_settlement_is_answered_for(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    good, short = V2([price("10.00")]), V2([price("10.00")], number="9002", total="11.00")
    given = [
        SimpleUploadedFile("good.txt", good.text().encode()),
        SimpleUploadedFile("short.txt", short.text().encode()),
        SimpleUploadedFile("letter.txt", b"Dear finance, hello."),
        SimpleUploadedFile("empty.txt", b""),
    ]
    assert _import(client, f"m{account.pk}", *given) == [["posted"], ["staged"], ["refused"], ["refused"]]
    assert "do not add up to its total" in _text(client, "/finance/import/")
    assert SourceFile.objects.count() == 4
    again = SimpleUploadedFile("good.txt", good.text().encode())
    assert _import(client, f"m{account.pk}", again) == [["duplicate"]]
    assert Settlement.objects.count() == 2


def _import(client: Client, account: str, *given: SimpleUploadedFile) -> list[list[str]]:
    """Give files to the page and let them be taken in; the states it shows of each file's settlements."""
    answer = client.post("/finance/import/", {"account": account, "documents": given})
    assert answer.status_code == 302
    for pk in uploading.due_imports():
        uploading.carry_out(import_id=pk, now=lambda: AT)
    cards = client.get("/finance/import/").context["cards"][: len(given)]
    return [[str(outcome.one.state) for outcome in card.outcomes] for card in reversed(cards)]


def test_the_import_page_says_what_is_missing_and_takes_nothing(
    client: Client, account: MoneyAccount
) -> None:
    for form in ({}, {"account": "m999999"}, {"account": f"m{account.pk}"}):
        answer = client.post("/finance/import/", form)
        assert answer.status_code == 200
        assert answer.context["form"].errors
    assert not SourceFile.objects.exists()


def test_a_platform_account_gets_its_money_account_with_its_first_file(
    client: Client, shop: ChannelAccount
) -> None:
    MoneyAccount.objects.all().delete()
    file = SimpleUploadedFile("s.txt", V2([price("10.00")]).text().encode())
    assert _import(client, f"c{shop.pk}", file) == [["posted"]]
    assert MoneyAccount.objects.get().channel == shop


def test_a_wallet_is_added_once_and_what_is_wrong_is_said(client: Client, account: MoneyAccount) -> None:
    form = {"holder": "wallet", "name": "PingPong", "provider": "pingpong", "zone": "Asia/Shanghai"}
    company = account.book.legal_entity_id
    bad = client.post(
        "/finance/accounts/add/", {**form, "company": company, "currency": "QQQ", "zone": "Moon"}
    )
    assert set(bad.context["form"].errors) == {"currency", "zone"}
    assert client.post("/finance/accounts/add/", {**form, "company": company}).status_code == 204
    twice = client.post("/finance/accounts/add/", {**form, "company": company})
    assert set(twice.context["form"].errors) == {"name"}
    assert MoneyAccount.objects.get(name="PingPong").holder == "wallet"


def test_an_unknown_type_is_classified_after_its_effect_was_shown(client: Client, posted: Settlement) -> None:
    unknown = LineType.objects.get(mappings__isnull=True)
    html = _text(client, "/finance/suspense/")
    assert "Moon Tax" in html
    assert "-7.00" in html
    form = {"account": "5290", "kind": "fee", "binding": "account", "reason": "Charged by the moon"}
    shown = client.post(f"/finance/suspense/{unknown.pk}/", {**form, "show": "1"})
    [(move, _from, _to)] = shown.context["moves"]
    assert (move.from_account, move.to_account, move.amount) == (plan.SUSPENSE, "5290", Decimal("7.00"))
    assert balances()[plan.SUSPENSE] == Decimal("7.00")
    refused = client.post(f"/finance/suspense/{unknown.pk}/", {**form, "reason": "", "save": "1"})
    assert refused.context["form"].errors
    assert client.post(f"/finance/suspense/{unknown.pk}/", {**form, "save": "1"}).status_code == 204
    assert plan.SUSPENSE not in balances()
    assert balances()["5290"] == Decimal("7.00")
    assert TypeMapping.objects.get(line_type=unknown).actor == "mei"
    assert "Charged by the moon" in _text(client, "/finance/suspense/?view=chosen")


def test_what_would_move_is_what_moves_for_lines_of_orders(
    client: Client, account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    rows = [price("20.00"), price("-3.00", amount_type="Lunar", what="Dust"), other("-1.00", "Dust")]
    take(account, V2(rows).write(tmp_path))
    unknown = LineType.objects.get(second="Lunar")
    form = {"account": "5290", "kind": "fee", "binding": "order", "reason": "Dust of the order"}
    shown = client.post(f"/finance/suspense/{unknown.pk}/", {**form, "show": "1"})
    before = balances()
    moves = [move for move, _from, _to in shown.context["moves"]]
    client.post(f"/finance/suspense/{unknown.pk}/", {**form, "save": "1"})
    after = balances()
    for move in moves:
        for code, step in ((move.from_account, -move.amount), (move.to_account, move.amount)):
            assert after.get(code, 0) - before.get(code, 0) == step


def test_the_ledger_leads_from_the_trial_balance_to_the_entry_and_its_cause(
    client: Client, posted: Settlement
) -> None:
    page = client.get("/finance/ledger/")
    assert page.context["is_zero"]
    held = {line.one.account: line.one.amount for line in page.context["lines"]}
    assert held == balances()
    before = client.get("/finance/ledger/?on=2026-02-28")
    assert before.context["lines"] == []
    account = client.get("/finance/ledger/accounts/1105/")
    assert sum(one.amount for one in account.context["entries"]) == held["1105"]
    journal = client.get(f"/finance/ledger/entries/{account.context['entries'][0].journal}/")
    assert journal.context["cause"][1] == posted.external_id
    assert [debit for _code, debit, credit, _base, _legs in journal.context["sums"] if debit != credit] == []


def test_a_rate_is_typed_with_a_reason_and_a_document_taken_in(client: Client, shop: ChannelAccount) -> None:
    form = {"unit": "1", "base": "usd", "quote": "cny", "rate": "7.12", "on": "2026-03-01", "reason": ""}
    assert client.post("/finance/rates/type/", form).context["form"].errors
    assert client.post("/finance/rates/type/", {**form, "reason": "Agreed"}).status_code == 204
    row = FxRate.objects.get(base="USD", quote="CNY", kind="typed")
    assert (row.rate, row.reason, row.actor) == (Decimal("7.12"), "Agreed", "mei")
    assert "Agreed" in _text(client, "/finance/rates/?q=usd/cny&source=manual")
    assert "Agreed" not in _text(client, "/finance/rates/?q=EUR")
    make_rate("USD", "JPY", "150")
    assert ">150</span>" in _text(client, "/finance/rates/?q=JPY")
    bad = SimpleUploadedFile("r.csv", b"no,rates\n1,2\n")
    assert client.post("/finance/rates/import/", {"file": bad}).context["form"].errors
    good = SimpleUploadedFile("r.csv", b"date,base,quote,rate\n2026-03-02,USD,CNY,7.15\n")
    answer = client.post("/finance/rates/import/", {"file": good, "source": "platform"})
    assert answer.status_code == 204, answer.context["form"].errors
    assert FxRate.objects.filter(source="platform", base="USD", quote="CNY").exists()


def test_a_period_closes_when_what_is_left_is_accepted_and_the_owner_opens_it_again(
    client: Client, account: MoneyAccount, posted: Settlement
) -> None:
    book = account.book
    where = {"book": str(book.pk), "through": "2026-03-31"}
    checks = client.get("/finance/close/checklist/", where)
    assert {one.key for one, _where, _given in checks.context["rows"] if one.count} == {"suspense"}
    refused = client.post("/finance/close/lock/", where)
    assert refused.status_code == 200
    assert "accept them with a reason" in refused.content.decode()
    book.refresh_from_db()
    assert book.locked_through is None
    done = client.post("/finance/close/lock/", {**where, "accept_suspense": "The moon answers in April"})
    assert done.status_code == 204, done.content.decode()
    book.refresh_from_db()
    assert str(book.locked_through) == "2026-03-31"
    assert "The moon answers in April" in _text(client, "/finance/close/")
    assert client.post("/finance/close/reopen/", {"book": book.pk, "reason": ""}).status_code == 200
    assert (
        client.post("/finance/close/reopen/", {"book": book.pk, "reason": "Found a file"}).status_code == 204
    )
    assert list(PeriodAct.objects.order_by("pk").values_list("kind", flat=True)) == ["close", "reopen"]


def test_closes_are_told_in_the_readers_language(
    client: Client, account: MoneyAccount, posted: Settlement
) -> None:
    where = {"book": str(account.book_id), "through": "2026-03-31"}
    done = client.post("/finance/close/lock/", {**where, "accept_suspense": "The moon answers in April"})
    assert done.status_code == 204, done.content.decode()
    assert "No line is unclassified: The moon answers in April" in _text(client, "/finance/close/")
    User.objects.update(language="zh-hans")
    assert "没有未分类的明细: The moon answers in April" in _text(client, "/finance/close/")
    checks = client.get("/finance/close/checklist/", where | {"through": "2026-04-30"}).content.decode()
    assert "没有未分类的明细" in checks


def test_rates_of_later_days_are_listed_only_when_asked_for(client: Client, transactional_db: None) -> None:
    today = timezone.localdate(clock.now())
    far = today + timedelta(days=90)
    for day in (today - timedelta(days=1), today, today + timedelta(days=2), far):
        make_rate("USD", "CNY", "7.1", on=day, source="pboc")
    make_rate("EUR", "USD", "1.1", on=today)

    def days(**asked: str) -> list[date]:
        page = client.get("/finance/rates/", asked)
        return [row.on for row, _title in page.context["rows"]]

    assert days(q="USD/CNY") == [today, today - timedelta(days=1)]
    assert "2 are dated later" in _text(client, "/finance/rates/?q=USD/CNY")
    assert "dated later" not in _text(client, "/finance/rates/?q=EUR")
    typed = {"unit": 1, "base": "USD", "quote": "CNY", "rate": "7.3", "reason": "Agreed"}
    on = (far + timedelta(days=1)).isoformat()
    assert client.post("/finance/rates/type/", typed | {"on": on}).status_code == 204
    page = client.get("/finance/rates/", {"q": "USD/CNY", "kind": "typed"})
    assert page.context["rows"] == []
    found = client.get(page.context["later_url"]).context
    assert [(row.on.isoformat(), row.kind) for row, _title in found["rows"]] == [(on, "typed")]
    assert found["later"] is None
    assert days(q="USD/CNY", on=far.isoformat())[0] == far


def test_finance_people_may_not_reopen_and_others_may_not_look(posted: Settlement) -> None:
    finance = logged_in(person(username="fang", role=Role.FINANCE))
    assert finance.get("/finance/").status_code == 200
    assert finance.get("/finance/close/reopen/").status_code == 403
    assert "/finance/close/reopen/" not in _text(finance, "/finance/close/")
    for role in (Role.VIEWER, Role.PICKER, Role.OPERATIONS):
        client = logged_in(person(username=role.value, role=role))
        for path in (*LISTS, f"/finance/settlements/{posted.pk}/", f"/finance/orders/{posted.pk}/panel/"):
            assert client.get(path).status_code == 403, (role, path)


def test_people_limited_to_other_shops_see_none_of_the_money(posted: Settlement, order: Order) -> None:
    other_shops = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[order.shop_id + 1000]))
    assert posted.external_id not in _text(other_shops, "/finance/")
    for path in (
        f"/finance/settlements/{posted.pk}/",
        f"/finance/settlements/{posted.pk}/orders/",
        f"/finance/lines/{SettlementLine.objects.first().pk}/",  # type: ignore[union-attr]
        f"/finance/files/{SourceFile.objects.get().pk}/",
        f"/finance/files/{SourceFile.objects.get().pk}/download/",
        f"/finance/orders/{order.pk}/panel/",
    ):
        assert other_shops.get(path).status_code == 404, path
    for path in ("/finance/ledger/", "/finance/suspense/", "/finance/close/", "/finance/accounts/add/"):
        assert other_shops.get(path).status_code == 403, path
    own = logged_in(person(username="lan", role=Role.FINANCE, shop_ids=[order.shop_id]))
    assert posted.external_id in _text(own, "/finance/")


def test_what_nobody_can_mean_breaks_nothing(client: Client, posted: Settlement) -> None:
    journal = Journal.objects.first()
    assert journal is not None
    for path in (
        "/finance/?after=x&before=%00&month=2026-99&account=z&state=q&q=%00",
        "/finance/?before=2026-13-01_1",
        "/finance/reconcile/?state=x&shop=-1&after=999999999999999999999&q=%00",
        "/finance/exceptions/?state=x&kind=y&after=q&owner=%00",
        "/finance/rates/?q=a/b/c/d&on=never&source=x&after=__&before=_",
        "/finance/ledger/?on=never&all",
        "/finance/ledger/accounts/1105/?month=x&after=x&currency=%00",
        f"/finance/ledger/entries/{journal.pk}/?after=x",
        "/finance/close/?through=never",
        "/finance/close/checklist/?through=never",
        f"/finance/settlements/{posted.pk}/orders/?after=x",
    ):
        assert client.get(path).status_code == 200, path
    for path in ("/finance/ledger/?book=x", "/finance/settlements/999999/", "/finance/ledger/accounts/9999/"):
        assert client.get(path).status_code == 404, path


def test_the_pages_speak_chinese(client: Client, posted: Settlement) -> None:
    client.post("/shell/language", {"language": "zh-hans"})
    assert "未分类明细" in _text(client, "/finance/ledger/")
