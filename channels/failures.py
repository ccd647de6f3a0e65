"""Failed imports (抓单失败): an object that could not be taken in stops only itself and is tried again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from channels import documents
from channels.models import FailedImport
from ecomhub.work import WorkState, ring

ABOUT_GOODS = frozenset({"listing", "channel_stock"})
"""Kinds of objects that tell of no person; every other one may."""

TRY_AGAIN_IN = timedelta(minutes=15)
"""An object often becomes readable by itself: the platform corrects it, or the hub is upgraded."""

_UPSERT = """
INSERT INTO channels_failedimport AS known
       (account_id, kind, external_id, reason, sealed, first_seen_at, last_seen_at,
        state, due_at, attempts, errors, deaths, lease_epoch, last_error)
VALUES (%(account)s, %(kind)s, %(external_id)s, %(reason)s, %(sealed)s, %(at)s, %(at)s,
        'waiting', clock_timestamp() + %(wait)s, 0, 0, 0, 0, '')
ON CONFLICT (account_id, kind, external_id) DO UPDATE
   SET reason = excluded.reason, sealed = excluded.sealed, last_seen_at = excluded.last_seen_at,
       state = CASE WHEN known.state = 'done' THEN 'waiting' ELSE known.state END,
       due_at = CASE WHEN known.state = 'done' THEN excluded.due_at ELSE known.due_at END,
       errors = CASE WHEN known.state = 'done' THEN 0 ELSE known.errors END,
       deaths = CASE WHEN known.state = 'done' THEN 0 ELSE known.deaths END
RETURNING id
"""


def quarantine(*, account_id: int, kind: str, external_id: str, reason: str, raw: Any, at: datetime) -> int:
    """Keep an object that could not be taken in, with the reason and its raw form, sealed.

    Belongs into the transaction of the page it came with. Returns the row's id. An object that failed
    before keeps its row; one that was solved and fails again waits for its next try.
    """
    keys = documents.data_keys(account_id=account_id, external_ids=[external_id])
    key = keys.get(external_id)
    blob = b""
    if key is not None:
        blob = documents.seal_raw(
            account_id=account_id, kind=f"failed_{kind}", external_id=external_id, raw=raw, key=key
        )
    given: dict[str, Any] = {
        "account": account_id,
        "kind": kind,
        "external_id": external_id,
        "reason": reason[:500],
        "sealed": blob,
        "at": at,
        "wait": TRY_AGAIN_IN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, given)
        row = cursor.fetchone()
    return int(row[0])


def solved(*, account_id: int, kind: str, external_ids: Iterable[str]) -> int:
    """Note that these objects were taken in after all; returns how many had failed before."""
    rows = FailedImport.objects.filter(
        account_id=account_id, kind=kind, external_id__in=list(external_ids)
    ).exclude(state=WorkState.DONE)
    return rows.update(state=WorkState.DONE, lease_until=None, last_error="")


def retry(*, failed_ids: Iterable[int]) -> None:
    """Make failed imports due now; the house that knows their kind takes them up."""
    ring(model=FailedImport, pks=list(failed_ids))


def waiting(*, kind: str) -> "QuerySet[FailedImport]":
    """Return the failed imports of a kind that are not solved."""
    return FailedImport.objects.filter(kind=kind).exclude(state=WorkState.DONE)


def raw_of(*, failed: FailedImport) -> Any:
    """Open what the platform sent; ``None`` when its data key is gone."""
    keys = documents.data_keys(account_id=failed.account_id, external_ids=[failed.external_id])
    key = keys.get(failed.external_id)
    if key is None or not failed.sealed:
        return None
    return documents.open_raw(
        account_id=failed.account_id,
        kind=f"failed_{failed.kind}",
        external_id=failed.external_id,
        blob=bytes(failed.sealed),
        key=key,
    )
