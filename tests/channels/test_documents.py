"""Raw documents and failed imports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from channels import documents, failures
from channels.models import ChannelAccount, DataKey, FailedImport, RawDocument
from ecomhub import work
from ecomhub.sealed import SealBroken
from tests.channels.making import later
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"id": "111-1", "buyer": "Zoë 王", "price": Decimal("12.30")}


def store(account: ChannelAccount, raw: object = ORDER) -> None:
    keys = documents.data_keys(account_id=account.pk, external_ids=["111-1"])
    documents.store(account_id=account.pk, kind="order", documents=[("111-1", raw)], keys=keys, at=START)


def test_same_content_is_stored_once(small: ChannelAccount) -> None:
    store(small)
    store(small)
    store(small, {"price": Decimal("12.30"), "buyer": "Zoë 王", "id": "111-1"})
    assert RawDocument.objects.count() == 1
    store(small, {**ORDER, "price": Decimal("12.31")})
    found = documents.read(account_id=small.pk, kind="order", external_id="111-1")
    assert [document.data["price"] for document in found] == ["12.30", "12.31"]
    assert found[0].data["buyer"] == "Zoë 王"


def test_nothing_personal_is_readable_in_the_row(small: ChannelAccount) -> None:
    store(small)
    row = RawDocument.objects.get()
    assert b"Zo" not in bytes(row.sealed)


def test_destroyed_key_makes_every_document_unreadable_and_is_not_made_again(
    small: ChannelAccount,
) -> None:
    store(small)
    DataKey.objects.update(sealed="", redacted_at=START)
    assert documents.read(account_id=small.pk, kind="order", external_id="111-1") == []
    assert documents.data_keys(account_id=small.pk, external_ids=["111-1"]) == {}
    store(small, {**ORDER, "note": "late"})
    assert RawDocument.objects.count() == 1


def test_document_moved_to_another_order_does_not_open(small: ChannelAccount) -> None:
    key = documents.data_keys(account_id=small.pk, external_ids=["111-1"])["111-1"]
    blob = documents.seal_raw(account_id=small.pk, kind="order", external_id="111-1", raw=ORDER, key=key)
    with pytest.raises(SealBroken):
        documents.open_raw(account_id=small.pk, kind="order", external_id="222-2", blob=blob, key=key)


def test_keys_of_many_objects_are_made_once_by_whoever_is_first(small: ChannelAccount) -> None:
    names = [f"order-{number}" for number in range(40)]

    def keys(_number: int) -> dict[str, bytes]:
        try:
            return documents.data_keys(account_id=small.pk, external_ids=names)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(keys, range(6)))
    assert all(one == found[0] for one in found)
    assert len(found[0]) == len(set(found[0].values())) == 40


def quarantine(account: ChannelAccount, reason: str = "no price", raw: object = ORDER) -> FailedImport:
    pk = failures.quarantine(
        account_id=account.pk, kind="order", external_id="111-1", reason=reason, raw=raw, at=START
    )
    return FailedImport.objects.get(pk=pk)


def test_failed_import_keeps_its_raw_form_sealed(small: ChannelAccount) -> None:
    failed = quarantine(small)
    assert failures.raw_of(failed=failed)["buyer"] == "Zoë 王"
    assert b"Zo" not in bytes(failed.sealed)
    assert work.claim_one(model=FailedImport, pk=failed.pk) is None


def test_failing_again_keeps_one_row_with_the_last_reason(small: ChannelAccount) -> None:
    first = quarantine(small)
    second = quarantine(small, reason="still no price")
    assert first.pk == second.pk
    assert second.reason == "still no price"
    assert FailedImport.objects.count() == 1


def test_retried_import_is_due_at_once_and_solved_ones_are_gone(small: ChannelAccount) -> None:
    failed = quarantine(small)
    failures.retry(failed_ids=[failed.pk])
    assert work.claim_one(model=FailedImport, pk=failed.pk) is not None
    assert failures.solved(account_id=small.pk, kind="order", external_ids=["111-1", "222-2"]) == 1
    assert not failures.waiting(kind="order").exists()
    failures.retry(failed_ids=[failed.pk])
    assert work.claim_one(model=FailedImport, pk=failed.pk) is None


def test_solved_import_that_fails_again_waits_again(small: ChannelAccount) -> None:
    failed = quarantine(small)
    failures.solved(account_id=small.pk, kind="order", external_ids=["111-1"])
    quarantine(small, reason="again")
    failed.refresh_from_db()
    assert failed.state == work.WorkState.WAITING
    assert failures.waiting(kind="order").get().first_seen_at < later(seconds=1)


@pytest.mark.parametrize("raw", ["plain text", b"\xff\x00bytes", None, ["a", 1]])
def test_any_raw_form_can_be_kept(small: ChannelAccount, raw: object) -> None:
    assert quarantine(small, raw=raw).pk
