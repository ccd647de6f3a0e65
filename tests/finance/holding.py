"""Accounts that take documents of any source."""

from __future__ import annotations

from datetime import datetime

from channels.settlement_messages import Holder
from ecomhub.models import LegalEntity
from finance.models import MoneyAccount
from finance.sources import registry
from finance.statements import money_accounts
from tests.orders import factory


def account_for(key: str, *, legal_entity: LegalEntity, at: datetime) -> MoneyAccount:
    """A company's account in dollars for a source's documents; a platform's is one without an adapter."""
    source = registry.source(key)
    channel = source.holder is Holder.CHANNEL or source.platform == "shopee"
    return money_accounts.create(
        name=f"Account of {key}",
        holder=Holder.CHANNEL if channel else source.holder,
        provider=source.platform or key,
        at=at,
        legal_entity=legal_entity,
        shop=factory.make_account().shops.get() if channel else None,
        currency="USD",
    )
