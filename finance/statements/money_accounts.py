"""The accounts whose statements we read: a shop's on a platform, a wallet's, a bank's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from channels.models import ChannelAccount, Shop
from channels.settlement_messages import Holder
from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity
from ecomhub.money import known_currencies
from finance.accounting import books
from finance.models import MoneyAccount


class AccountRefused(Exception):
    """There is no such account, or it cannot be made like that; the text says what to do."""


def find(*, name: str, at: datetime) -> MoneyAccount:
    """Return the account of a name: a platform account's, one of its shops', a wallet's or a bank's.

    A platform account gets its money account at the first use. Raises ``AccountRefused``.
    """
    known = MoneyAccount.objects.select_related("book", "channel", "shop").filter(name=name).first()
    if known is not None:
        return known
    channel = ChannelAccount.objects.filter(name=name).first()
    if channel is None:
        channels = ChannelAccount.objects.filter(shops__in=Shop.objects.filter(name=name)) | (
            ChannelAccount.objects.filter(shops__in=Shop.objects.filter(short_name=name))
        )
        found = list(channels.distinct().order_by("pk")[:2])
        if len(found) > 1:
            raise AccountRefused(
                _("Several accounts have a shop named %s. Give the name of the account.") % name
            )
        channel = found[0] if found else None
    if channel is None:
        raise AccountRefused(
            _("There is no account named %(name)s. There are: %(names)s")
            % {"name": name, "names": ", ".join(_names()) or _("none yet")}
        )
    return of_channel(channel=channel, at=at)


def of_channel(*, channel: ChannelAccount, at: datetime) -> MoneyAccount:
    """Return a platform account's money account; it is made at the first use, in its company's book.

    What is older than the account's go-live settles the opening orders. The company is the first shop's: a
    shop of another company shares the book, and the checklist of a close names it.
    """
    held = MoneyAccount.objects.select_related("book", "channel", "shop").filter(channel=channel).first()
    if held is not None:
        return held
    shop = channel.shops.select_related("legal_entity").order_by("pk").first()
    book = books.book_of(legal_entity=default_entity() if shop is None else shop.legal_entity, at=at)
    live_on = channel.go_live_at.astimezone(ZoneInfo(book.zone)).date()
    name = channel.name
    if MoneyAccount.objects.filter(name=name).exists():
        name = f"{channel.name} ({channel.platform})"
    try:
        with transaction.atomic():
            return MoneyAccount.objects.create(
                name=name,
                holder=Holder.CHANNEL.value,
                provider=channel.platform,
                channel=channel,
                book=book,
                zone="UTC" if shop is None else shop.time_zone,
                currency=_only_currency(channel),
                live_on=live_on,
            )
    except IntegrityError:
        return MoneyAccount.objects.select_related("book", "channel", "shop").get(channel=channel)


def _only_currency(channel: ChannelAccount) -> str:
    """Return the currency of all shops of an account, empty where they differ: some documents name none."""
    found = set(channel.shops.values_list("currency", flat=True))
    return found.pop() if len(found) == 1 else ""


def create(
    *,
    name: str,
    holder: Holder,
    provider: str,
    at: datetime,
    legal_entity: LegalEntity | None = None,
    currency: str = "",
    zone: str = "UTC",
    shop: Shop | None = None,
    live_on: date | None = None,
) -> MoneyAccount:
    """Make a wallet's or a bank's account, or a platform's without an adapter, whose files come by hand.

    ``currency`` (ISO 4217) and ``zone`` (IANA) are used where a document does not say its own; ``shop`` is
    the one a file-only platform account belongs to. Raises ``AccountRefused``.
    """
    name = name.strip()
    if not name:
        raise AccountRefused(_("Give the account a name."))
    if currency and currency not in known_currencies():
        raise AccountRefused(_("%s is not a currency. Use its three letters of ISO 4217.") % currency)
    if zone not in available_timezones():
        raise AccountRefused(_("%s is not a time zone. Use a name such as Asia/Shanghai.") % zone)
    if legal_entity is None:
        legal_entity = default_entity() if shop is None else shop.legal_entity
    book = books.book_of(legal_entity=legal_entity, at=at)
    try:
        with transaction.atomic():
            return MoneyAccount.objects.create(
                name=name,
                holder=holder.value,
                provider=provider,
                book=book,
                currency=currency,
                zone=zone,
                shop=shop,
                live_on=live_on,
            )
    except IntegrityError as error:
        raise AccountRefused(_("There is an account named %s already.") % name) from error


def orders_of(*, account: MoneyAccount) -> int | None:
    """Return the platform account whose orders this one's lines speak of; ``None`` for wallets and banks."""
    if account.channel_id is not None:
        return account.channel_id
    return None if account.shop is None else account.shop.account_id


def shop_of(*, account: MoneyAccount, currency: str) -> int | None:
    """Return the shop money in a currency belongs to, where only one can be meant."""
    if account.shop_id is not None:
        return account.shop_id
    if account.channel_id is None:
        return None
    shops = list(Shop.objects.filter(account_id=account.channel_id).values_list("pk", "currency"))
    meant = shops if len(shops) == 1 else [shop for shop in shops if shop[1] == currency]
    return meant[0][0] if len(meant) == 1 else None


def _names() -> list[str]:
    held = MoneyAccount.objects.values_list("name", flat=True)
    return sorted({*held, *ChannelAccount.objects.values_list("name", flat=True)})
