"""Reading one row of a sheet of orders: which shop, which order, what was bought, how it stands.

A row is one line of an order. Times without a zone are the shop's; amounts are the row's own, whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from django.utils.translation import gettext as _

from channels.messages import OrderState
from channels.models import Shop
from channels.money_files.dates import DateOrder, DateStyle, NotADate
from channels.registry import by_file_keys
from ecomhub.money import known_currencies, rounded
from ecomhub.sheets import CellRefused, SheetRow

LONGEST_SAFE_NUMBER = 15
"""Excel keeps so many digits of a number; the others become zeros."""

BUYER = ("buyer", "phone", "email", "tax_id")
ADDRESS = ("recipient", "address", "address2", "city", "region", "postal_code")

_SOON = timedelta(days=1)
_WORDS: dict[OrderState, tuple[str, ...]] = {
    OrderState.UNPAID: (
        "unpaid", "pendingpayment", "awaitingpayment", "topay", "待付款", "未付款", "待支付", "未支付",
        "等待买家付款",
    ),
    OrderState.OPEN: (
        "open", "paid", "pending", "toship", "awaitingshipment", "awaitingcollection", "packed",
        "readytoship", "topack", "processing", "unshipped", "已付款", "已支付", "待发货", "未发货", "待处理",
        "等待您发货", "待揽收", "备货中",
    ),
    OrderState.SHIPPED: (
        "shipped", "intransit", "shipping", "dispatched", "已发货", "运输中", "待收货", "等待买家收货",
    ),
    OrderState.COMPLETED: (
        "completed", "complete", "delivered", "finished", "已完成", "已签收", "已收货", "已送达", "已妥投",
        "交易完成", "交易成功",
    ),
    OrderState.CANCELED: (
        "canceled", "cancelled", "closed", "已取消", "取消", "已关闭", "交易关闭",
    ),
}  # fmt: skip
_STATES = {word: state for state, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A row that can be read. Amounts are of the whole line; ``people`` is personal."""

    row: SheetRow
    shop: Shop
    order: str
    line: str
    listing: str
    title: str
    quantity: int
    state: OrderState
    status: str
    placed_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    ship_by_at: datetime | None
    updated_at: datetime | None
    country: str
    currency: str
    charge: Decimal
    shipping: Decimal
    discount: Decimal
    tax: Decimal
    tax_by_platform: bool
    by_platform: bool
    service: str
    carrier: str
    tracking: str
    people: dict[str, str]


class Shops:
    """Which shop a row means: one nobody speaks for, by its own name or its account's."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[int, Shop]] = {}
        self._spoken_for: set[str] = set()
        by_file = set(by_file_keys())
        for shop in Shop.objects.select_related("account").order_by("pk"):
            names = {name.casefold() for name in (shop.account.name, shop.name, shop.short_name)}
            if shop.account.platform not in by_file:
                self._spoken_for |= names
                continue
            for name in names:
                self._by_name.setdefault(name, {})[shop.pk] = shop

    def of(self, row: SheetRow) -> Shop:
        """Return the shop of a row. Raises ``CellRefused``."""
        name = row.text("shop", longest=80, required=True)
        found = list(self._by_name.get(name.casefold(), {}).values())
        if not found and name.casefold() in self._spoken_for:
            raise CellRefused(_("%s is connected; its orders come by themselves") % name)
        if not found:
            raise CellRefused(
                _("There is no shop %s worked by file; add it under Channels, or write its name") % name
            )
        place = row.text("marketplace", longest=30).upper()
        if place:
            found = [shop for shop in found if place in (shop.marketplace, shop.country)]
            if not found:
                raise CellRefused(_("The account does not sell on %s") % place)
        if len(found) > 1:
            raise CellRefused(
                _("%s has several shops; write the shop's name, or fill in the marketplace") % name
            )
        return found[0]


def read_row(row: SheetRow, *, shops: Shops, at: datetime) -> SheetLine:
    """Read a row. Raises ``CellRefused`` saying what to change in it."""
    order = _identity(row, "order", longest=120, required=True)
    shop = shops.of(row)
    quantity = row.integer("quantity", least=1, most=1_000_000) or 1
    currency = row.text("currency", longest=3).upper() or shop.currency
    if currency not in known_currencies():
        raise _refusal(row, "currency", _("is no currency; use its three letters of ISO 4217: %s") % currency)
    zone = ZoneInfo(shop.time_zone)
    times = {key: _instant(row, key, zone) for key in ("placed_at", "paid_at", "shipped_at", "updated_at")}
    placed_at = times["placed_at"]
    if placed_at is None:
        raise _refusal(row, "placed_at", _("is empty; fill it in"))
    for key, instant in times.items():
        if instant is not None and instant > at + _SOON:
            raise _refusal(row, key, _("lies in the future: %s") % row.text(key))
    status = row.text("status", longest=60)
    return SheetLine(
        row=row,
        shop=shop,
        order=order,
        line=_identity(row, "line", longest=70),
        listing=_identity(row, "listing", longest=120, required=True),
        title=row.text("title", longest=500),
        quantity=quantity,
        state=_state(row, status, paid=times["paid_at"], shipped=times["shipped_at"]),
        status=status,
        placed_at=placed_at,
        paid_at=times["paid_at"],
        shipped_at=times["shipped_at"],
        ship_by_at=_instant(row, "ship_by", zone),
        updated_at=times["updated_at"],
        country=_country(row),
        currency=currency,
        charge=_charge(row, quantity, currency),
        shipping=_amount(row, "shipping", currency) or Decimal(0),
        discount=abs(_amount(row, "discount", currency) or Decimal(0)),
        tax=_amount(row, "tax", currency) or Decimal(0),
        tax_by_platform=bool(row.boolean("tax_by_platform")),
        by_platform=bool(row.boolean("by_platform")),
        service=row.text("service", longest=80),
        carrier=row.text("carrier", longest=60),
        tracking=_identity(row, "tracking", longest=80),
        people={key: row.text(key, longest=300) for key in (*BUYER, *ADDRESS) if row.has(key)},
    )


def same_words(values: Iterable[str]) -> str:
    """Return the one text several rows say, empty ones left out. Raises ``ValueError`` when they differ."""
    said = {value for value in values if value}
    if len(said) > 1:
        raise ValueError
    return said.pop() if said else ""


def _identity(row: SheetRow, key: str, *, longest: int, required: bool = False) -> str:
    """Return a number that names something; refuse one whose last digits Excel has dropped."""
    text = row.text(key, longest=longest, required=required)
    if key in row.exact and sum(sign.isdigit() for sign in text) > LONGEST_SAFE_NUMBER:
        raise _refusal(row, key, _("lost digits in Excel (%s); format the column as text") % text)
    return text


def _state(row: SheetRow, status: str, *, paid: datetime | None, shipped: datetime | None) -> OrderState:
    """Return how a line stands: as its status says, without one as its times do."""
    if status:
        word = "".join(sign for sign in status.casefold() if sign.isalnum())
        if word not in _STATES:
            raise _refusal(
                row,
                "status",
                _("is no status the hub knows: %s. Write unpaid, paid, shipped, completed or canceled")
                % status,
            )
        return _STATES[word]
    if shipped is not None:
        return OrderState.SHIPPED
    return OrderState.UNPAID if paid is None and "paid_at" in row.values else OrderState.OPEN


def _instant(row: SheetRow, key: str, zone: ZoneInfo) -> datetime | None:
    text = row.text(key)
    if not text:
        return None
    found = set()
    for order in DateOrder:
        try:
            found.add(DateStyle(order, zone, zone.key).read(text))
        except NotADate:
            continue
    if not found:
        raise _refusal(row, key, _("is not a date the hub can read: %s. Write it as 2026-06-01 14:30") % text)
    if len(found) > 1:
        raise _refusal(row, key, _("can be read in two ways: %s. Write it as 2026-06-01 14:30") % text)
    return found.pop()


def _charge(row: SheetRow, quantity: int, currency: str) -> Decimal:
    price, amount = row.decimal("price"), _amount(row, "amount", currency)
    if price is None and amount is None:
        raise _refusal(row, "price", _("is empty; fill it in"))
    if price is None:
        return amount or Decimal(0)
    charge = price * quantity
    if rounded(charge, currency) != charge:
        raise _refusal(row, "price", _("has more decimals than %s has") % currency)
    if amount is not None and amount != charge:
        raise _refusal(row, "amount", _("is not the unit price times the quantity, %s") % charge)
    return charge


def _amount(row: SheetRow, key: str, currency: str) -> Decimal | None:
    value = row.decimal(key, least=None if key == "discount" else Decimal(0))
    if value is not None and rounded(value, currency) != value:
        raise _refusal(row, key, _("has more decimals than %s has") % currency)
    return value


@cache
def _countries() -> dict[str, str]:
    """Return two-letter codes by what people call countries, in the languages of the pages."""
    found: dict[str, str] = {}
    for language in ("en", "zh_Hans"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(name.casefold(), code)
                found.setdefault(code.casefold(), code)
    return found


def _country(row: SheetRow) -> str:
    text = row.text("country", longest=80)
    if not text:
        return ""
    code = _countries().get(text.casefold())
    if code is None:
        raise _refusal(row, "country", _("is no country: %s. Write its two letters") % text)
    return code


def _refusal(row: SheetRow, key: str, what: str) -> CellRefused:
    return CellRefused(f"{row.titles.get(key, key)} {what}")
