"""Money from Shopify Payments: payouts that ended, each with its balance transactions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from channels.adapter import RetryLater
from channels.messages import IncomingDocument, Page
from channels.money_documents import json_document
from channels.platforms.shopify import queries
from channels.platforms.shopify.transport import Question
from channels.reading import Json, Unreadable, flag, needed_instant, needed_text

SOURCE = "shopify_payouts"
LOOK_BACK = timedelta(days=7)
"""How far before the window payouts are looked at again: a scheduled one becomes money days later."""

_ACCOUNT = "shopifyPaymentsAccount"
_ON_THE_WAY = frozenset({"SCHEDULED", "IN_TRANSIT"})
_MOST_PAGES = 500
Ask = Callable[[Question], Json]


def fetch_page(
    *, ask: Ask, created_from: datetime, created_to: datetime, page_token: str
) -> Page[IncomingDocument]:
    """Fetch the next payout of a window; one that is still on its way is left out.

    A shop without Shopify Payments has no account there, and no documents.
    """
    search = f"issued_at:>='{_text(created_from - LOOK_BACK)}' AND issued_at:<='{_text(created_to)}'"
    variables = {"search": search, "after": page_token or None}
    question = Question(
        "fetch_statements", queries.PAYOUTS, variables, f"{_ACCOUNT}.payouts.nodes", list,
        pages=bool(page_token), may_be_nothing=True,
    )  # fmt: skip
    account = ask(question)[_ACCOUNT]
    if account is None or not account["payouts"]["nodes"]:
        return Page(items=())
    page, following = account["payouts"], _next(account["payouts"])
    try:
        payout = page["nodes"][0]
        if not isinstance(payout, dict):
            raise Unreadable("a payout is not an object")
        number = needed_text(payout, "id", most=200)
        issued, status = needed_instant(payout, "issuedAt"), needed_text(payout, "status", most=40)
    except Unreadable as error:
        raise RetryLater(f"Shopify's answer is broken: {error}") from error
    if status in _ON_THE_WAY:
        return Page(items=(), next_token=following)
    short = number.rpartition("/")[2]
    said = {
        "data": {
            _ACCOUNT: {
                "payouts": {"nodes": [payout]},
                "balanceTransactions": {"nodes": _transactions(ask, short)},
            }
        }
    }
    document = IncomingDocument(
        external_id=short,
        name=f"payout-{short}.json",
        created_at=issued,
        source=SOURCE,
        content=json_document(said),
    )
    return Page(items=(document,), next_token=following)


def _text(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _next(page: Json) -> str:
    info = page.get("pageInfo")
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise RetryLater("Shopify did not say whether there is another page")
    if not flag(info, "hasNextPage"):
        return ""
    token = info.get("endCursor")
    if not isinstance(token, str) or not token:
        raise RetryLater("Shopify named no cursor for the next page")
    return token


def _transactions(ask: Ask, payout: str) -> list[Json]:
    found: list[Json] = []
    token = ""
    for _ in range(_MOST_PAGES):
        question = Question(
            "fetch_statements", queries.BALANCE_TRANSACTIONS,
            {"search": f"payments_transfer_id:{payout}", "after": token or None},
            f"{_ACCOUNT}.balanceTransactions.nodes", list,
        )  # fmt: skip
        page = ask(question)[_ACCOUNT]["balanceTransactions"]
        found += page["nodes"]
        following = _next(page)
        if not following:
            return found
        if following == token:
            break
        token = following
    raise RetryLater(f"Shopify's list of the transactions of payout {payout} does not end")
