"""What Shopee's error codes mean to the house.

Codes carry the module's name in front (``order.error_param``) or not. ``error_limit`` alone is the
application's daily limit; ``order.error_limit`` is a refusal of that call.
"""

from datetime import datetime, timedelta, timezone

from channels.adapter import (
    ChannelError,
    CredentialsRejected,
    PageTokenExpired,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
)
from channels.reading import Json
from ecomhub import clock
from ecomhub.http import Answer

LONGEST_WAIT = timedelta(hours=1)
_SINGAPORE = timezone(timedelta(hours=8))
_STALE_TOKEN = {"invalid_acceess_token", "invalid_access_token"}
_GONE = {
    "error_sign", "error_auth", "invalid_partner_id", "error_partner_key_expired", "partner_shop_no_link",
    "shop_no_linked", "shop_banned", "error_banned", "source_ip_undeclared", "error_kyc_auth",
    "error_shop", "error_api_call_restricted", "error_merchant_refresh_token",
}  # fmt: skip
_AWAY = {
    "error_server", "error_network", "error_inner", "error_other", "error_config", "error_system_busy",
    "system_error", "error_unknown",
}  # fmt: skip
_LATER = ("try again later", "try later", "please wait", "timestamp is expired", "invalid timestamp")


def meaning(envelope: Json, *, writes: bool, pages: bool) -> ChannelError:
    """Return the error an envelope stands for; ``writes`` and ``pages`` as the call was meant."""
    code, said = _said(envelope)
    words = said.lower()
    last = code.rpartition(".")[2]
    if code == "error_rate_limit":
        return Throttled(said, after=timedelta(seconds=1))
    if code == "error_limit":
        return Throttled(said, after=min(until_reset(clock.real_now()), LONGEST_WAIT))
    if last in _STALE_TOKEN or ("access_token" in words and last in ("error_auth", "error_param")):
        return TokenExpired(said)
    if last in _AWAY or any(sign in words for sign in _LATER):
        return RetryLater(said, unknown=writes)
    if code in _GONE:
        return CredentialsRejected(said)
    if last == "error_data" and "parse" in words:
        return RetryLater(said, unknown=writes)
    if pages and last in ("error_param", "error_not_found"):
        return PageTokenExpired(said)
    return Refused(said)


def _said(envelope: Json) -> tuple[str, str]:
    """Return the code without the module that all calls share, and everything said in one line."""
    code = str(envelope["error"]).strip().removeprefix("common.")
    message = envelope.get("message")
    said = f"{code}: {message}" if isinstance(message, str) and message else code
    number = envelope.get("request_id")
    traced = f" (request {number[:64]})" if isinstance(number, str) and number else ""
    return code, said.replace("\x00", "")[:300] + traced.replace("\x00", "")


def until_reset(at: datetime) -> timedelta:
    """Return how long the daily limit still holds: it begins anew at midnight in Singapore."""
    local = at.astimezone(_SINGAPORE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight - local


def wait_told(answer: Answer) -> timedelta | None:
    """Return how long ``Retry-After`` asks to wait, where something in between says so."""
    told = answer.headers.get("retry-after", "")
    if told.isascii() and told.isdigit() and len(told) < 8:
        return min(timedelta(seconds=int(told)), LONGEST_WAIT)
    return None
