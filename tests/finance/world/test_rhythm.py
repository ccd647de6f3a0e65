"""What the books explain follows from documents and orders, not from how often somebody looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Max, Sum
from pytest_django import Settings

from ecomhub.verifying import verify
from finance.models import OrderMoney, Posting, Tariff
from tests.finance.world import files, hub, market, rates
from tests.sandbox_fixture import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
FORTNIGHTS = 6
Balances = dict[tuple[str, ...], tuple[Decimal, Decimal]]


def publish() -> None:
    """Fees that are nearly what the market takes: some orders' are within tolerance, some above."""
    for platform, account in (("amazon", "5200"), ("ebay", "5200"), ("shopify", "5500"), ("shopee", "5200")):
        for currency in ("USD", "EUR", "GBP", "SGD"):
            Tariff.objects.create(
                platform=platform, fee="Commission", account_id=account, base="charges", currency=currency,
                percent=Decimal("11"), valid_from=date(2025, 1, 1),
            )  # fmt: skip


def balances(*keys: str) -> Balances:
    """Amounts and base amounts of the market's books by some keys, where any is left."""
    rows = Posting.objects.filter(journal__book__legal_entity__code="main").values_list(*keys)
    sums = rows.annotate(Sum("amount"), Sum("base_amount")).order_by()
    return {tuple(map(str, row[:-2])): row[-2:] for row in sums if row[-2] or row[-1]}


def explained() -> list[Mapping[Any, Any]]:
    """Balances by account, balances by order and component, and where each order stands."""
    return [
        balances("account", "currency"),
        balances("order__external_id", "account", "component", "currency"),
        dict(OrderMoney.objects.values_list("order__external_id", "state")),
    ]


def differing(said: Mapping[Any, Any], says: Mapping[Any, Any]) -> list[str]:
    """What is not the same, so that a failure says where."""
    keys = {key for key in {*said, *says} if said.get(key) != says.get(key)}
    return sorted(f"{key}: {said.get(key)}, {says.get(key)}" for key in keys)


def changes() -> int:
    """How often the differences of the order that changed most were booked."""
    return int(OrderMoney.objects.aggregate(most=Max("variances"))["most"])


def test_explaining_each_fortnight_and_once_at_the_end_says_the_same(
    sandbox: Sandbox, tmp_path: Path, settings: Settings
) -> None:
    settings.ECOMHUB_SANDBOX_URL, settings.ECOMHUB_FILES_DIR = sandbox.url, str(tmp_path)
    rates.published()
    publish()
    market.born(sandbox)
    accounts = hub.connect_all(sandbox)
    for moment in islice(market.steps(sandbox), FORTNIGHTS):
        for account in accounts:
            hub.catch_up(account, moment)
        hub.explain(moment)
    documents, often = files.pulled(), explained()
    assert changes() > 1
    assert {"settled", "waiting", "open"} == set(often[2].values())
    files.forget_everything()
    files.open_accounts()
    files.take_in(documents, folder=tmp_path)
    hub.explain(moment)
    assert changes() == 1
    for said, says in zip(often, explained(), strict=True):
        assert differing(said, says) == []
    assert not verify().broken
