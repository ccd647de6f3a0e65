"""Which of the house's rows somebody may see.

A row about money of a shop is seen by whoever sees the shop; an account, and a document of it, by whoever
sees every one of its shops, for it tells of all of them; books and their entries are of the company as a
whole and seen only without a limit. None of it is seen without the right to see money at all.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from channels.models import ChannelAccount, Shop
from ecomhub.access import Actor
from finance.models import (
    AnnouncedMoney,
    Book,
    ExportJob,
    ImportJob,
    Journal,
    Match,
    MoneyAccount,
    MoneyException,
    OrderMoney,
    Payout,
    Posting,
    RememberedLayout,
    Settlement,
    SettlementLine,
    SourceFile,
)


def everything(*, actor: Actor) -> bool:
    """Say whether somebody may see a company's whole books: finance, not limited to some shops."""
    return actor.may("finance.view") and actor.shop_ids is None


def settlements(*, actor: Actor) -> QuerySet[Settlement]:
    """Return the settlements of an actor's shops."""
    rows = Settlement.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(shop__in=actor.shop_ids)


def lines(*, actor: Actor) -> QuerySet[SettlementLine]:
    """Return the lines of the settlements an actor may see."""
    rows = SettlementLine.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(settlement__shop__in=actor.shop_ids)


def announced(*, actor: Actor) -> QuerySet[AnnouncedMoney]:
    """Return what platforms tell of the transactions of an actor's shops."""
    rows = AnnouncedMoney.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(shop__in=actor.shop_ids)


def accounts(*, actor: Actor) -> QuerySet[MoneyAccount]:
    """Return the money accounts somebody may see: with a limit, those of nobody else's shops."""
    rows = MoneyAccount.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    if actor.shop_ids is None:
        return rows
    others = Shop.objects.filter(account=OuterRef("channel")).exclude(pk__in=actor.shop_ids)
    own = Shop.objects.filter(account=OuterRef("channel"), pk__in=actor.shop_ids)
    return rows.filter(
        Q(shop__in=actor.shop_ids) | (Q(channel__isnull=False) & Exists(own) & ~Exists(others))
    )


def channels_without_account(*, actor: Actor) -> QuerySet[ChannelAccount]:
    """Return the platform accounts nobody imported money for yet."""
    rows = ChannelAccount.objects.filter(money_account__isnull=True)
    return rows if everything(actor=actor) else rows.none()


def files(*, actor: Actor) -> QuerySet[SourceFile]:
    """Return the documents of the accounts somebody may see."""
    rows = SourceFile.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(account__in=accounts(actor=actor))


def imports(*, actor: Actor) -> QuerySet[ImportJob]:
    """Return the imports of documents somebody may see."""
    rows = ImportJob.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(document__account__in=accounts(actor=actor))


def layouts(*, actor: Actor) -> QuerySet[RememberedLayout]:
    """Return the layouts that are remembered for the accounts somebody may see."""
    rows = RememberedLayout.objects.filter(ended_at=None)
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(account__in=accounts(actor=actor))


def exceptions(*, actor: Actor) -> QuerySet[MoneyException]:
    """Return the exceptions of an actor's shops, and of the accounts they may see."""
    rows = MoneyException.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    if actor.shop_ids is None:
        return rows
    return rows.filter(
        Q(shop__in=actor.shop_ids)
        | Q(shop__isnull=True, order__isnull=True, money_account__in=accounts(actor=actor))
    )


def orders(*, actor: Actor) -> QuerySet[OrderMoney]:
    """Return how the money of an actor's orders stands."""
    rows = OrderMoney.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(shop__in=actor.shop_ids)


def matches(*, actor: Actor) -> QuerySet[Match]:
    """Return what was matched of the orders and settlements of an actor's shops, and all without a limit."""
    rows = Match.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    if actor.shop_ids is None:
        return rows
    return rows.filter(Q(order__shop__in=actor.shop_ids) | Q(payout__settlement__shop__in=actor.shop_ids))


def payouts(*, actor: Actor) -> QuerySet[Payout]:
    """Return the payouts of the settlements of an actor's shops; a wallet's and a bank's without a limit."""
    rows = Payout.objects.all()
    if not actor.may("finance.view"):
        return rows.none()
    return rows if actor.shop_ids is None else rows.filter(settlement__shop__in=actor.shop_ids)


def books(*, actor: Actor) -> QuerySet[Book]:
    """Return the books; they are of the company as a whole."""
    return Book.objects.all() if everything(actor=actor) else Book.objects.none()


def journals(*, actor: Actor) -> QuerySet[Journal]:
    """Return the ledger's entries; they are of the company as a whole."""
    return Journal.objects.all() if everything(actor=actor) else Journal.objects.none()


def postings(*, actor: Actor) -> QuerySet[Posting]:
    """Return the legs of the entries an actor may see."""
    return Posting.objects.all() if everything(actor=actor) else Posting.objects.none()


def exports(*, actor: Actor) -> QuerySet[ExportJob]:
    """Return the exports; they are of the company as a whole."""
    return ExportJob.objects.all() if everything(actor=actor) else ExportJob.objects.none()
