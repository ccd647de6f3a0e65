"""``Idempotency-Key`` on every unsafe call: one effect per key, and the same answer when it is asked again.

The claim is committed before the work begins; the answer is stored in the transaction of the effect, so a
crash can never keep one without the other. A claim of a dead process ends after 60 s, a stored answer after
24 h. 409, 429 and 503 are never stored: the same key may try again.

Answers may hold secrets and buyers: they are stored sealed. One that shows a person says whom it is about
(``PersonalAnswer``), so that whoever erases the person can take them out of it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub.access import Actor
from ecomhub.models import IdempotencyKey
from ecomhub.rest.permission import api_actor
from ecomhub.rest.problems import PROBLEM_JSON, Problem, problem_details
from ecomhub.sealed import seal, unseal

CLAIM_SECONDS = 60
KEPT_HOURS = 24
LONGEST_KEY = 255
REPLAYED = "Idempotent-Replayed"
_STORED_REFUSALS = frozenset({status.HTTP_422_UNPROCESSABLE_ENTITY})

_CLAIM = f"""
INSERT INTO ecomhub_idempotencykey AS held (actor, key, request_hash, locked_until, created_at)
VALUES (%s, %s, %s, clock_timestamp() + interval '{CLAIM_SECONDS} seconds', clock_timestamp())
ON CONFLICT (actor, key) DO UPDATE
   SET request_hash = excluded.request_hash, locked_until = excluded.locked_until,
       created_at = excluded.created_at, status = NULL, sealed_body = NULL,
       about = ''
 WHERE held.created_at < clock_timestamp() - interval '{KEPT_HOURS} hours'
    OR (held.status IS NULL AND held.request_hash = excluded.request_hash
        AND held.locked_until < clock_timestamp())
RETURNING id, locked_until
"""  # noqa: S608 - constants of ours
_LOOK = """
SELECT request_hash, status, sealed_body,
       greatest(1, ceil(extract(epoch FROM locked_until - clock_timestamp())))::int, id
  FROM ecomhub_idempotencykey WHERE actor = %s AND key = %s
"""
_FORGET = f"""
DELETE FROM ecomhub_idempotencykey
 WHERE id IN (SELECT id FROM ecomhub_idempotencykey
               WHERE created_at < clock_timestamp() - interval '{KEPT_HOURS} hours'
               ORDER BY created_at LIMIT %s)
   AND created_at < clock_timestamp() - interval '{KEPT_HOURS} hours'
"""  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class Claim:
    """Our right to do the work of one key, until ``locked_until`` of the database's clock."""

    id: int
    locked_until: datetime


class PersonalAnswer(Response):
    """An answer that may show a person; ``about`` names the object it is about, such as ``order:12``."""

    def __init__(self, *args: Any, about: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.about = about


def _context(key_id: int) -> str:
    return f"ecomhub.idempotencykey:{key_id}"


def _caller(actor: Actor) -> str:
    """Name whose keys these are: a token's own, so two programs of one person never meet."""
    return f"token:{actor.token_id}" if actor.token_id else f"user:{actor.user_id}"


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _key_of(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Problem(
            status_code=status.HTTP_400_BAD_REQUEST,
            code="idempotency_key_required",
            detail=_(
                "Send an Idempotency-Key header: any text of up to 255 characters that is new for each "
                "thing you want done, and the same when you repeat the call."
            ),
        )
    return key


def take(*, caller: str, key: str, fingerprint: str) -> Claim | Response:
    """Claim a key and commit the claim, or return the answer it already got.

    Raises ``Problem``: 422 when the key was used for another request, 409 with ``Retry-After`` while the
    first call is still being worked on.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [caller, key, fingerprint])
        claimed = cursor.fetchone()
        if claimed is not None:
            return Claim(id=claimed[0], locked_until=claimed[1])
        cursor.execute(_LOOK, [caller, key])
        held = cursor.fetchone()
    if held is not None and held[0] != fingerprint:
        raise Problem(
            status_code=status.HTTP_422_UNPROCESSABLE_ENTITY,
            code="idempotency_key_reused",
            detail=_("This Idempotency-Key was used for another request. Choose a new one."),
        )
    if held is not None and held[1] is not None:
        answer = unseal(context=_context(held[4]), blob=held[2])
        return _replay(status_code=held[1], body=answer["body"])
    raise Problem(
        status_code=status.HTTP_409_CONFLICT,
        code="idempotency_key_in_flight",
        detail=_("The first call with this Idempotency-Key is still being worked on. Ask again later."),
        retry_after_s=1 if held is None else held[3],
    )


def _replay(*, status_code: int, body: Any) -> Response:
    return Response(
        body,
        status=status_code,
        headers={REPLAYED: "true"},
        content_type=PROBLEM_JSON if status_code >= 400 else None,
    )


def store(*, claim: Claim, status_code: int, body: Any, about: str = "") -> None:
    """Keep the answer of a key, inside the transaction of its effect.

    Raises ``Problem`` (409) when the claim ran out and somebody else has it: the effect must not stay.
    """
    mine = IdempotencyKey.objects.filter(pk=claim.id, locked_until=claim.locked_until, status=None)
    plain = json.loads(JSONRenderer().render(body) or b"null")
    sealed = seal(context=_context(claim.id), data={"body": plain})
    if not mine.update(status=status_code, sealed_body=sealed, about=about, locked_until=None):
        raise Problem(
            status_code=status.HTTP_409_CONFLICT,
            code="idempotency_claim_lost",
            detail=_("This call took too long and another one with its key came first. Ask again."),
            retry_after_s=1,
        )


def release(*, claim: Claim) -> None:
    """Give a key back after a failure that is not kept."""
    IdempotencyKey.objects.filter(pk=claim.id, locked_until=claim.locked_until, status=None).delete()


def rewrite(*, about: Iterable[str], change: Callable[[Any], Any]) -> None:
    """Put another body into the stored answers about these objects: what ``change`` makes of theirs.

    The status stays, so a repeated call still has no second effect. Belongs into a transaction.
    """
    rows = IdempotencyKey.objects.filter(about__in=list(about)).exclude(about="").exclude(status=None)
    for row in rows.select_for_update().order_by("pk"):
        body = unseal(context=_context(row.pk), blob=row.sealed_body or "")["body"]
        row.sealed_body = seal(context=_context(row.pk), data={"body": change(body)})
        row.save(update_fields=["sealed_body"])


def forget_old(*, limit: int = 500) -> int:
    """Delete answers older than a day, the oldest first; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [limit])
        return int(cursor.rowcount)


def _keep_refusal(*, claim: Claim, error: exceptions.APIException) -> None:
    if error.status_code not in _STORED_REFUSALS:
        release(claim=claim)
        return
    answer = problem_details(error, {})
    if answer is not None:
        store(claim=claim, status_code=answer.status_code, body=answer.data)


def idempotent(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Guard an unsafe API method by its ``Idempotency-Key``; the method runs in one transaction."""

    @wraps(handler)
    def guarded(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key, fingerprint = _key_of(request), _fingerprint(request)
        claim = take(caller=_caller(api_actor(request)), key=key, fingerprint=fingerprint)
        if isinstance(claim, Response):
            return claim
        try:
            with transaction.atomic():
                response = handler(view, request, *args, **kwargs)
                about = response.about if isinstance(response, PersonalAnswer) else ""
                store(claim=claim, status_code=response.status_code, body=response.data, about=about)
        except exceptions.APIException as error:
            _keep_refusal(claim=claim, error=error)
            raise
        except Exception:
            release(claim=claim)
            raise
        return response

    guarded.needs_idempotency_key = True  # type: ignore[attr-defined]
    return guarded
