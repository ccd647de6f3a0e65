"""Importing as a job: kept at once, taken in by a worker that may die, followed on the page by everybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils.translation import gettext

from channels.settlement_messages import Source, StatementUnreadable
from ecomhub import files, work
from ecomhub.access import Role
from finance.models import ImportJob, MoneyAccount, Posting, Settlement, SettlementLine, SourceFile
from finance.sources import registry
from finance.statements import importing, posting, uploading
from orders.models import Order
from tests.browser.looking import logged_in, person, statements
from tests.finance.settling import AT, take
from tests.finance.v2 import V2, price

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/finance/import/"
Standing = ImportJob.Standing


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


def give(client: Client, account: MoneyAccount, **named: bytes) -> list[ImportJob]:
    """Upload files as the page does; returns their rows of work, the oldest first."""
    before = ImportJob.objects.count()
    given = [SimpleUploadedFile(name, content) for name, content in named.items()]
    answer = client.post(PAGE, {"account": f"m{account.pk}", "documents": given})
    assert answer.status_code == 302, answer.context["form"].errors
    return list(ImportJob.objects.order_by("pk"))[before:]


def work_off() -> list[Standing | None]:
    """What the clockwork does: everything that is due."""
    return [uploading.carry_out(import_id=pk, now=lambda: AT) for pk in uploading.due_imports()]


def text(client: Client, path: str = PAGE) -> str:
    """A page's text."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def expire(job: ImportJob) -> None:
    """Let the lease of a worker that died run out."""
    past = work.database_now() - timedelta(seconds=1)
    ImportJob.objects.filter(pk=job.pk).update(lease_until=past)


def test_an_upload_is_kept_and_answered_before_anything_of_it_is_read(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    jobs = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode(), "b.txt": b"hello"})
    assert [job.standing for job in jobs] == [Standing.WAITING, Standing.WAITING]
    assert [files.read(file=row.file)[:5] for row in SourceFile.objects.order_by("pk")] == [
        b"settl",
        b"hello",
    ]
    assert not Settlement.objects.exists()
    html = text(client)
    assert f"import/live/?ids={jobs[1].pk},{jobs[0].pk}" in html
    work_off()
    live = text(client, f"/finance/import/live/?ids={jobs[0].pk},{jobs[1].pk}")
    assert "hx-get" not in live.split("</div>")[0]
    assert "hx-swap-oob" in live
    assert Settlement.objects.get().external_id in live


def test_the_clockwork_finds_what_is_due_when_the_bell_was_lost(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    path = V2([price("10.00")]).write(tmp_path)
    job = uploading.upload(account=account, path=path, name="a.txt", at=AT, actor="mei")
    assert uploading.due_imports() == [job.pk]
    assert work_off() == [Standing.DONE]
    assert uploading.due_imports() == []
    (outcome,) = ImportJob.objects.get().outcomes
    assert (outcome["state"], outcome["posted"], outcome["lines_total"]) == ("posted", 1, "10.00")
    assert Settlement.objects.get().state == Settlement.State.POSTED


def test_a_worker_that_dies_in_the_middle_loses_nothing_and_doubles_nothing(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.statements.keeping.CHUNK", 4)
    monkeypatch.setattr("finance.statements.line_writer.CHUNK", 4)
    rows = [price(f"{number}.00", day=1 + number) for number in range(1, 11)]
    (job,) = give(client, account, **{"a.txt": V2(rows).text().encode()})

    class Killed(BaseException):
        """The process is gone: nobody handles that."""

    posts = iter([True, True, False])
    whole = posting.post

    def dies(**given: Any) -> int:
        if not next(posts):
            raise Killed
        return whole(**given)

    with monkeypatch.context() as patch:
        patch.setattr(posting, "post", dies)
        with pytest.raises(Killed):
            uploading.carry_out(import_id=job.pk, now=lambda: AT)
    assert 0 < SettlementLine.objects.count() < 10
    assert work_off() == []  # its lease still runs
    job.refresh_from_db()
    assert job.standing in (Standing.READING, Standing.POSTING)
    expire(job)
    assert work_off() == [Standing.DONE]
    assert SettlementLine.objects.count() == 10
    assert Posting.objects.filter(line__isnull=False).count() == 10
    job.refresh_from_db()
    assert (job.deaths, job.outcomes[0]["state"]) == (0, "posted")


def test_a_worker_whose_lease_was_taken_over_writes_no_outcome(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    whole = importing.finish

    def slow(**given: Any) -> Any:
        found = whole(**given)
        expire(job)
        assert work.claim_one(model=ImportJob, pk=job.pk) is not None
        return found

    monkeypatch.setattr(importing, "finish", slow)
    uploading.carry_out(import_id=job.pk, now=lambda: AT)
    job.refresh_from_db()
    assert (job.outcomes, job.state) == ([], "waiting")
    monkeypatch.undo()
    expire(job)
    assert work_off() == [Standing.DONE]
    assert Posting.objects.filter(line__isnull=False).count() == 1


def test_a_document_that_kills_every_worker_stops_with_words_and_can_be_tried_again(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    for _death in range(3):
        assert work.claim_one(model=ImportJob, pk=job.pk) is not None
        expire(job)
    assert work_off() == [None]
    html = text(client)
    assert "nothing was booked twice" in html
    assert f"/finance/imports/{job.pk}/again/" in html
    assert client.post(f"/finance/imports/{job.pk}/again/").status_code == 302
    assert work_off() == [Standing.DONE]
    assert client.post(f"/finance/imports/{job.pk}/again/").status_code == 404


def test_an_error_is_said_beside_the_import_and_it_goes_on_by_itself(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})

    def breaks(**given: Any) -> Any:
        raise RuntimeError("the moon fell down")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "finish", breaks)
        assert work_off() == [Standing.WAITING]
    html = text(client)
    assert "goes on by itself" in html
    assert "the moon fell down" in html
    client.post(f"/finance/imports/{job.pk}/again/")
    assert work_off() == [Standing.DONE]


def test_a_document_that_is_lost_from_the_store_says_so_in_the_readers_language(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    kept = job.document.file
    place = files._path(kept.digest, sealed=kept.sealed)
    content = place.read_bytes()
    place.unlink()
    assert work_off() == [Standing.FAILED]
    assert "is not in the store" in text(client)
    place.write_bytes(content)
    client.post(f"/finance/imports/{job.pk}/again/")
    assert work_off() == [Standing.DONE]


def test_two_imports_of_one_account_take_turns(client: Client, account: MoneyAccount, order: Order) -> None:
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    with importing.alone(account=account):
        assert _in_another_connection(job) == Standing.WAITING
    job.refresh_from_db()
    assert (job.errors, job.deaths, job.lease_until) == (0, 0, None)


def _in_another_connection(job: ImportJob) -> Standing | None:
    """Carry out where the account's lock is not ours."""

    def carry() -> Standing | None:
        try:
            return uploading.carry_out(import_id=job.pk, now=lambda: AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(carry).result()


def test_the_same_file_again_is_known_and_several_accounts_keep_their_own(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    content = V2([price("10.00")]).text().encode()
    give(client, account, **{"a.txt": content})
    give(client, account, **{"again.txt": content})
    work_off()
    work_off()
    states = [job.outcomes[0]["state"] for job in ImportJob.objects.order_by("pk")]
    assert states == ["posted", "duplicate"]
    assert SourceFile.objects.count() == 1
    assert "Known already" in text(client)


def test_a_reason_stands_in_the_language_of_whoever_reads_it(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(sample: object) -> list[Source]:
        raise StatementUnreadable(gettext("Refused"))

    with monkeypatch.context() as patch:
        patch.setattr(registry, "fitting", refuses)
        give(client, account, **{"letter.txt": b"Dear finance, hello."})
        work_off()
    file = SourceFile.objects.get()
    reasons = file.reasons or {}
    assert set(reasons) == {"en", "zh-hans"}
    assert reasons["en"] != reasons["zh-hans"]
    assert reasons["en"] in text(client, f"/finance/files/{file.pk}/")
    chinese = logged_in(person(username="lan", language="zh-hans"))
    assert reasons["zh-hans"] in text(chinese)
    assert reasons["zh-hans"] in text(chinese, f"/finance/files/{file.pk}/")


def test_the_page_costs_the_same_whatever_was_imported(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    give(client, account, **{"0.txt": V2([price("1.00")], number="0").text().encode(), "x.txt": b"x"})
    work_off()
    few = statements(client, PAGE)
    for number in range(1, 9):
        content = V2([price("1.00")], number=str(number)).text().encode()
        give(client, account, **{f"{number}.txt": content})
    work_off()
    assert statements(client, PAGE) == few <= 6


def test_what_several_kinds_of_document_fit_is_asked_and_not_guessed(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both kinds read the same file here; neither is taken before somebody chose."""
    both = [registry.source("amazon_settlement_v2"), registry.source("amazon_date_range")]
    monkeypatch.setattr(registry, "fitting", lambda sample: both)
    give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    work_off()
    file = SourceFile.objects.get()
    assert (file.state, file.fitting) == (SourceFile.State.REFUSED, [one.key for one in both])
    assert not Settlement.objects.exists()
    page = f"/finance/files/{file.pk}/"
    (_none, (_word, near), (_words, rest)) = client.get(page).context["form"].fields["read_as"].choices
    assert {key for key, _title in near} == {one.key for one in both}
    assert not {key for key, _title in rest} & {one.key for one in both}
    client.post(f"{page}read-as/", {"read_as": "amazon_settlement_v2"})
    assert work_off() == [Standing.DONE]
    assert Settlement.objects.get().state == Settlement.State.POSTED


def test_a_person_says_what_an_unrecognized_document_is_and_a_wrong_choice_costs_nothing(
    client: Client, account: MoneyAccount, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = V2([price("10.00")]).text().encode()
    with monkeypatch.context() as patch:
        patch.setattr(registry, "fitting", lambda sample: [])
        give(client, account, **{"a.txt": content})
        work_off()
    file = SourceFile.objects.get()
    assert file.state == SourceFile.State.REFUSED
    page = f"/finance/files/{file.pk}/"
    html = text(client, page)
    assert "Amazon" in html
    assert client.post(f"{page}read-as/", {"read_as": "bank_csv"}).status_code == 302
    assert client.post(f"{page}read-as/", {"read_as": ""}).status_code == 302
    assert ImportJob.objects.filter(state="waiting").count() == 0
    client.post(f"{page}read-as/", {"read_as": "amazon_date_range"})
    work_off()
    file.refresh_from_db()
    assert file.state == SourceFile.State.REFUSED
    assert not SettlementLine.objects.exists()
    client.post(f"{page}read-as/", {"read_as": "amazon_settlement_v2"})
    assert work_off() == [Standing.DONE]
    assert Settlement.objects.get().state == Settlement.State.POSTED
    assert client.get(page).context["form"] is None


def test_imports_are_seen_by_whoever_sees_the_account_and_made_by_finance_only(
    client: Client, account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([price("10.00")], number="7").write(tmp_path))
    (job,) = give(client, account, **{"a.txt": V2([price("10.00")]).text().encode()})
    page = f"/finance/files/{job.document_id}/"
    elsewhere = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[order.shop_id + 1000]))
    assert f'id="import-{job.pk}"' not in text(elsewhere)
    assert f'id="import-{job.pk}"' not in text(elsewhere, f"/finance/import/live/?ids={job.pk}")
    assert elsewhere.post(f"/finance/imports/{job.pk}/again/").status_code == 404
    assert elsewhere.post(f"{page}read-as/", {"read_as": "x"}).status_code == 404
    own = logged_in(person(username="lan", role=Role.FINANCE, shop_ids=[order.shop_id]))
    assert f'id="import-{job.pk}"' in text(own)
    viewer = logged_in(person(username="vera", role=Role.VIEWER))
    for path in (PAGE, "/finance/import/live/?ids=1", "/finance/layouts/", page):
        assert viewer.get(path).status_code == 403, path
    for path in (f"/finance/imports/{job.pk}/again/", f"{page}read-as/"):
        assert viewer.post(path).status_code == 403, path
