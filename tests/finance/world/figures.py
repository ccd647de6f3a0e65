"""What a book says, as one hash: every balance of every account, and the figures of every settlement."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db.models import Q, Sum

from finance.models import Posting, Settlement

_OF_DOCUMENTS = ("settlement", "wallet", "bank", "payout")


def lines(*, company: str, explained: bool = False) -> Iterator[str]:
    """Balances by account and currency, then settlements by account, number and currency.

    Balances of what documents brought, or with what the hub explained of them: that is decided when it is
    looked at, so that it depends on how often that was.
    """
    postings = Posting.objects.filter(journal__book__legal_entity__code=company)
    if not explained:
        postings = postings.filter(journal__kind__in=_OF_DOCUMENTS)
    sums = postings.values_list("account", "currency").annotate(Sum("amount"), Sum("base_amount"))
    for account, currency, amount, base in sums.order_by("account", "currency"):
        if amount or base:
            yield f"{account} {amount:.4f} {currency} {base:.4f}"
    figures = (
        "account__name", "external_id", "currency", "state", "total", "lines_total", "line_count",
        "posted_count", "opening", "closing", "is_closed",
    )  # fmt: skip
    clearing = Sum("postings__amount", filter=Q(postings__account="1110"))
    rows = Settlement.objects.filter(account__book__legal_entity__code=company)
    rows = rows.annotate(clearing=clearing, is_closed=Q(closed_at__isnull=False))
    for row in rows.order_by("account__name", "external_id", "currency").values_list(*figures, "clearing"):
        yield " ".join(str(cell) for cell in row)


def fingerprint(*, company: str, explained: bool = False) -> str:
    """The hash of a company's figures."""
    said = "\n".join(lines(company=company, explained=explained))
    return hashlib.sha256(said.encode()).hexdigest()
