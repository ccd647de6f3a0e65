"""Documents that do not agree: accepted with a reason and their difference in sight, or set aside."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import translation

from channels.settlement_messages import Binding, LineKind
from ecomhub.access import SYSTEM, Role
from ecomhub.models import Event
from ecomhub.verifying import verify
from finance.accounting import plan
from finance.closing import period_checks, periods
from finance.closing.periods import PeriodRefused
from finance.models import (
    DocumentRuling,
    ImportJob,
    LineType,
    MoneyAccount,
    Posting,
    Settlement,
    SettlementFile,
    SettlementLine,
)
from finance.statements import accepting, balancing, classifying, importing, settlement_laws, uploading
from finance.statements.accepting import RulingRefused
from orders.models import Order
from tests.browser.looking import logged_in, person
from tests.finance.making import make_rate
from tests.finance.settling import AT, balances, take
from tests.finance.v2 import V2, Row, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)
State = SettlementFile.State
ROWS = [price("129.99"), fee("-19.50")]
NEXT = datetime(2026, 5, 2, tzinfo=UTC)


def document(name: str = "") -> SettlementFile:
    """The newest document, or the one of a name."""
    rows = SettlementFile.objects.select_related("settlement", "file").order_by("pk")
    found = rows.filter(file__file__name=name).last() if name else rows.last()
    assert found is not None
    return found


def accept(row: SettlementFile, reason: str = "The platform rounds") -> None:
    """Accept a document and let it be booked."""
    accepting.accept(document=row, reason=reason, at=AT, actor="mei")
    work_off()


def work_off() -> list[ImportJob.Standing | None]:
    """What the clockwork does."""
    return [uploading.carry_out(import_id=pk, now=lambda: AT) for pk in uploading.due_imports()]


def broken() -> list[str]:
    """The laws of settlements that do not hold."""
    return verify(laws=settlement_laws.LAWS).broken


def blocked(account: MoneyAccount) -> list[str]:
    """What the checklist names in the way of closing March."""
    found = period_checks.look(book=account.book, through=date(2026, 3, 31))
    return [one.key for one in found if one.count and one.weight is period_checks.Weight.BLOCKING]


def test_the_checklist_says_why_in_the_language_of_whoever_reads_it(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    with translation.override("zh-hans"):
        found = period_checks.look(book=account.book, through=date(2026, 3, 31))
    (one,) = (asdict(finding) for finding in found if finding.key == "undecided")
    name = Settlement.objects.get().external_id
    with translation.override("en"):
        said = period_checks.worded(check=one)
    assert said["title"] == "Every document of the period agrees with itself, or somebody decided"
    assert said["examples"] == [f"{name} USD: its lines do not add up to its total"]
    with translation.override("zh-hans"):
        (example,) = period_checks.worded(check=one)["examples"]
    assert example.startswith(f"{name} USD")
    assert example.endswith("明细合计与总额不符")


def test_an_accepted_settlement_is_booked_whole_and_its_difference_stands_in_suspense(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    assert broken() == ["I6.decided"]
    accept(document())
    settlement = Settlement.objects.get()
    assert (settlement.state, settlement.accepted_reason) == (Settlement.State.POSTED, "The platform rounds")
    assert settlement.total == settlement.lines_total == Decimal("120.49")
    assert settlement.closed_at is not None
    assert balances() == {
        plan.UNSETTLED: Decimal("-110.49"),
        plan.SUSPENSE: Decimal("-10.00"),
        plan.PAYOUTS: Decimal("120.49"),
    }
    line = SettlementLine.objects.get(content=balancing.CONTENT)
    assert (line.amount, line.note, line.row) == (Decimal("10.00"), "The platform rounds", 0)
    assert document().totals[balancing.TYPE_NAME] == "10.00"
    assert broken() == []


def test_it_is_written_down_who_accepted_what_and_why_for_ever(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    accept(document(), "The platform rounds")
    ruling = DocumentRuling.objects.get()
    assert (ruling.kind, ruling.actor, ruling.reason) == ("accepted", "mei", "The platform rounds")
    assert (ruling.was, ruling.difference) == ("total_mismatch", Decimal("10.00"))
    event = Event.objects.get(object_kind="settlement", kind="accepted")
    assert (event.actor, event.data["reason"], event.data["difference"]) == (
        "mei",
        "The platform rounds",
        "10.000000",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentRuling.objects.update(reason="Another")
    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentRuling.objects.all().delete()


def test_nothing_is_accepted_without_a_reason_twice_or_when_nobody_has_to(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([price("5.00")], number="1").write(tmp_path))
    with pytest.raises(RulingRefused):
        accepting.accept(document=document(), reason="Why not", at=AT, actor="mei")
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    with pytest.raises(RulingRefused):
        accepting.accept(document=document(), reason="  ", at=AT, actor="mei")
    assert not ImportJob.objects.exists()
    accepting.accept(document=document(), reason="Once", at=AT, actor="mei")
    for act in (accepting.accept, accepting.set_aside):
        with pytest.raises(RulingRefused):
            act(document=document(), reason="Twice", at=AT, actor="lan")
    work_off()
    with pytest.raises(RulingRefused):
        accepting.accept(document=document(), reason="Thrice", at=AT, actor="lan")
    assert DocumentRuling.objects.count() == 1


def test_a_document_that_differs_is_accepted_beside_what_was_posted(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    """129.99 was booked, the other document says 131.00: both lines are kept, and 129.99 stands against."""
    take(account, V2(ROWS).write(tmp_path))
    changed = [price("131.00"), ROWS[1]]
    take(account, V2(changed).write(tmp_path, "other.txt"))
    assert document().reason == "differs"
    assert broken() == ["I6.decided"]
    assert blocked(account) == ["undecided"]
    accept(document(), "The buyer paid more")
    settlement = Settlement.objects.get()
    assert settlement.total == settlement.lines_total == Decimal("111.50")
    assert settlement.line_count == SettlementLine.objects.count() == 4
    assert balances() == {
        plan.UNSETTLED: Decimal("-241.49"),
        plan.SUSPENSE: Decimal("129.99"),
        plan.PAYOUTS: Decimal("111.50"),
    }
    assert broken() == []
    (again,) = take(account, V2(changed).write(tmp_path, "other.txt"))
    assert (again.state, again.posted) == (State.DUPLICATE, 0)


def test_the_missing_line_that_comes_later_takes_the_difference_back(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    accept(document())
    take(account, V2([*ROWS, price("10.00")]).write(tmp_path, "whole.txt"))
    assert balances() == {plan.UNSETTLED: Decimal("-120.49"), plan.PAYOUTS: Decimal("120.49")}
    amounts = SettlementLine.objects.filter(content=balancing.CONTENT).values_list("amount", flat=True)
    assert sorted(amounts) == [Decimal("-10.00"), Decimal("10.00")]
    assert broken() == []


def test_accepting_is_through_after_a_worker_died_and_happened_once(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.statements.keeping.CHUNK", 4)
    monkeypatch.setattr("finance.statements.line_writer.CHUNK", 4)
    rows: list[Row] = [price(f"{number}.00", day=1 + number) for number in range(1, 11)]
    take(account, V2(rows, total="60.00").write(tmp_path))
    accepting.accept(document=document(), reason="Why not", at=AT, actor="mei")

    class Killed(BaseException):
        """The process is gone."""

    whole = balancing.balance

    def dies(**given: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(balancing, "balance", dies)
        with pytest.raises(Killed):
            work_off()
    assert Settlement.objects.get().reason == "unfinished"
    assert whole is balancing.balance
    ImportJob.objects.update(lease_until=datetime(2026, 1, 1, tzinfo=UTC))
    assert work_off() == [ImportJob.Standing.DONE]
    assert balances() == {
        plan.UNSETTLED: Decimal("-55.00"),
        plan.SUSPENSE: Decimal("-5.00"),
        plan.PAYOUTS: Decimal("60.00"),
    }
    assert SettlementLine.objects.count() == 11
    assert broken() == []


def test_other_settlements_of_the_document_stay_as_they_are(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    good, bad = V2([price("10.00")], number="1"), V2([price("20.00")], number="2", total="21.00")
    path = tmp_path / "both.txt"
    path.write_text(good.text() + "\n".join(bad.text().splitlines()[1:]) + "\n")
    take(account, path)
    accept(SettlementFile.objects.get(state=State.STAGED))
    states = dict(SettlementFile.objects.values_list("settlement__external_id", "state"))
    assert states == {"1": State.POSTED, "2": State.POSTED}
    assert SettlementFile.objects.get(settlement__external_id="1").posted_count == 1
    assert balances()[plan.SUSPENSE] == Decimal("-1.00")


def test_an_accepted_settlement_that_waits_for_a_rate_is_booked_with_its_difference_when_it_comes(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    book = account.book
    book.currency, book.rate_source = "CNY", "manual"
    book.save()
    accept(document())
    assert (document().state, document().reason) == (State.STAGED, "rate_missing")
    for day in (date(2026, 3, 5), date(2026, 3, 15)):
        make_rate("USD", "CNY", "7.2", on=day, source="manual", kind="typed", reason="bank")
    assert importing.post_waiting(at=AT) == 1
    assert balances()[plan.SUSPENSE] == Decimal("-10.00")
    assert broken() == []


def test_what_is_set_aside_books_nothing_and_the_right_document_still_posts(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    accepting.set_aside(document=document(), reason="A test file", at=AT, actor="mei")
    assert (document().state, document().reason) == (State.EVIDENCE, "set_aside")
    assert Settlement.objects.get().state == Settlement.State.EVIDENCE
    assert (broken(), blocked(account), balances()) == ([], [], {})
    take(account, V2(ROWS).write(tmp_path, "right.txt"))
    assert Settlement.objects.get().state == Settlement.State.POSTED
    assert balances()[plan.PAYOUTS] == Decimal("110.49")


def test_what_was_set_aside_can_be_accepted_after_all(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    accepting.set_aside(document=document(), reason="Hm", at=AT, actor="mei")
    accept(document(), "It is right after all")
    assert balances()[plan.PAYOUTS] == Decimal("120.49")
    assert list(DocumentRuling.objects.order_by("pk").values_list("kind", flat=True)) == [
        "set_aside",
        "accepted",
    ]
    assert broken() == []


def test_the_period_stays_open_until_somebody_decided_and_the_law_says_the_same(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))

    def close() -> None:
        periods.close(
            book=account.book,
            through=date(2026, 3, 31),
            at=NEXT,
            actor=SYSTEM,
            accepted=dict.fromkeys(("suspense", "exceptions", "orders_explained", "staged"), "Known"),
            laws=settlement_laws.LAWS,
        )

    assert (broken(), blocked(account)) == (["I6.decided"], ["undecided"])
    with pytest.raises(PeriodRefused, match="undecided"):
        close()
    accept(document())
    assert (broken(), blocked(account)) == ([], [])
    close()
    account.book.refresh_from_db()
    assert account.book.locked_through == date(2026, 3, 31)


def test_a_later_periods_undecided_document_does_not_hold_this_one(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, number="2", total="120.49", month=4).write(tmp_path))
    assert broken() == ["I6.decided"]
    assert blocked(account) == []
    periods.close(
        book=account.book, through=date(2026, 3, 31), at=NEXT, actor=SYSTEM, laws=settlement_laws.LAWS
    )


def test_a_difference_is_classified_like_any_other_line(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([*ROWS, other("-1.00", "Moon Tax")], total="119.49").write(tmp_path))
    accept(document())
    kind = LineType.objects.get(first=classifying.OURS)
    classifying.map_type(
        line_type=kind,
        account="7200",
        binding=Binding.ACCOUNT,
        kind=LineKind.ADJUSTMENT,
        reason="Rounding of the platform",
        actor="mei",
    )
    assert balances()["7200"] == Decimal("-10.00")
    assert balances()[plan.SUSPENSE] == Decimal("1.00")
    assert broken() == []


def test_the_page_shows_the_difference_and_takes_the_decision(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    row = document()
    page = f"/finance/settlements/{row.settlement_id}/documents/{row.file_id}/decide/"
    client = logged_in(person(username="fang", role=Role.FINANCE))
    assert page in client.get(f"/finance/settlements/{row.settlement_id}/").content.decode()
    dialog = client.get(page)
    assert dialog.context["difference"] == Decimal("10.00")
    assert client.post(page, {"kind": "accepted", "reason": ""}).context["form"].errors
    assert client.post(page, {"kind": "nothing", "reason": "x"}).context["form"].errors
    assert not DocumentRuling.objects.exists()
    assert client.post(page, {"kind": "accepted", "reason": "Rounded"}).status_code == 204
    assert work_off() == [ImportJob.Standing.DONE]
    assert Posting.objects.filter(account=plan.SUSPENSE).exists()
    html = client.get(f"/finance/settlements/{row.settlement_id}/").content.decode()
    assert "Rounded" in html
    assert page not in html


def test_who_may_not_post_may_not_decide(account: MoneyAccount, order: Order, tmp_path: Path) -> None:
    take(account, V2(ROWS, total="120.49").write(tmp_path))
    row = document()
    page = f"/finance/settlements/{row.settlement_id}/documents/{row.file_id}/decide/"
    wish = {"kind": "accepted", "reason": "x"}
    for client in (
        logged_in(person(username="vera", role=Role.VIEWER)),
        logged_in(person(username="otto", role=Role.OPERATIONS)),
        logged_in(person(username="lan", role=Role.FINANCE, shop_ids=[order.shop_id])),
    ):
        assert client.get(page).status_code == 403
        assert client.post(page, wish).status_code == 403
    whole = logged_in(person(username="fang", role=Role.FINANCE))
    assert whole.get(page.replace(f"/{row.file_id}/", "/999999/")).status_code == 404
    assert not DocumentRuling.objects.exists()
    assert isinstance(whole, Client)
