"""Which of the house's rows somebody may see: their shops'; the company's own only without a limit."""

from django.db.models import QuerySet

from ecomhub.access import Actor
from finance.models import ExportJob, Journal, Match, OrderMoney, Posting, Settlement, SettlementLine


def settlements(*, actor: Actor) -> QuerySet[Settlement]:
    """Return the settlements of an actor's shops."""
    if actor.shop_ids is None:
        return Settlement.objects.all()
    return Settlement.objects.filter(shop__in=actor.shop_ids)


def lines(*, actor: Actor) -> QuerySet[SettlementLine]:
    """Return the lines of the settlements an actor may see."""
    if actor.shop_ids is None:
        return SettlementLine.objects.all()
    return SettlementLine.objects.filter(settlement__shop__in=actor.shop_ids)


def journals(*, actor: Actor) -> QuerySet[Journal]:
    """Return the ledger's entries; they are of the company as a whole."""
    return Journal.objects.all() if actor.shop_ids is None else Journal.objects.none()


def postings(*, actor: Actor) -> QuerySet[Posting]:
    """Return the legs of the entries an actor may see."""
    return Posting.objects.all() if actor.shop_ids is None else Posting.objects.none()


def matches(*, actor: Actor) -> QuerySet[Match]:
    """Return what was matched of the orders of an actor's shops, and the rest without a limit."""
    if actor.shop_ids is None:
        return Match.objects.all()
    return Match.objects.filter(order__shop__in=actor.shop_ids)


def orders(*, actor: Actor) -> QuerySet[OrderMoney]:
    """Return how the money of an actor's orders stands."""
    if actor.shop_ids is None:
        return OrderMoney.objects.all()
    return OrderMoney.objects.filter(shop__in=actor.shop_ids)


def exports(*, actor: Actor) -> QuerySet[ExportJob]:
    """Return the exports; they are of the company as a whole."""
    return ExportJob.objects.all() if actor.shop_ids is None else ExportJob.objects.none()
