"""Money from Shopify Payments: payouts that ended, each with its balance transactions."""

from collections.abc import Callable
from datetime import datetime, timedelta

from channels.adapter import RetryLater
from channels.messages import IncomingDocument, Page
from channels.money_documents import json_document
from channels.platforms.shopify import queries
from channels.platforms.shopify.reading import next_token, said_instant
from channels.platforms.shopify.transport import Question
from channels.reading import Json, Unreadable, needed_instant, needed_text

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
    since, until = said_instant(created_from - LOOK_BACK), said_instant(created_to)
    search = f"issued_at:>='{since}' AND issued_at:<='{until}'"
    variables = {"search": search, "after": page_token or None}
    question = Question(
        "fetch_statements", queries.PAYOUTS, variables, f"{_ACCOUNT}.payouts.nodes", list,
        pages=bool(page_token), may_be_nothing=True,
    )  # fmt: skip
    account = ask(question)[_ACCOUNT]
    if account is None or not account["payouts"]["nodes"]:
        return Page(items=())
    page, following = account["payouts"], next_token(account["payouts"])
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
        following = next_token(page)
        if not following:
            return found
        if following == token:
            break
        token = following
    raise RetryLater(f"Shopify's list of the transactions of payout {payout} does not end")
