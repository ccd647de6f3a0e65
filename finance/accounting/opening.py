"""Opening balances: what a book begins with on its first day, against 期初余额, each said once.

A row is an account, a currency, and where the account has one, the money account it stands for. The same
row again changes nothing; another amount for it is refused, because an opening is corrected by an entry and
not by a second opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from ecomhub.models import LegalEntity
from ecomhub.money import known_currencies, rounded
from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow, repeated
from finance.accounting import books, fx, ledger, rates
from finance.accounting.fx import RateMissing
from finance.accounting.ledger import KeyTaken, LedgerRefused, Leg, Posted
from finance.accounting.plan import BANK, CLEARING, OPENING, RESERVE, STOCK, WALLET
from finance.accounting.rate_sources import RatesUnreadable
from finance.models.ledger import Account, Book, Journal
from finance.models.reconciliation import StockLayer
from finance.models.settlements import MoneyAccount

WORDS = {
    "bank": BANK,
    "银行": BANK,
    "wallet": WALLET,
    "钱包": WALLET,
    "收款账户": WALLET,
    "clearing": CLEARING,
    "平台清算": CLEARING,
    "reserve": RESERVE,
    "平台预留": RESERVE,
    "stock": STOCK,
    "库存": STOCK,
}
"""What people call the accounts that usually open with something; any code of the plan works too."""
_OF_MONEY = frozenset({BANK, WALLET, CLEARING, RESERVE})


class OpeningRefused(Exception):
    """An opening balance cannot be like that; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One balance a book begins with; debit is positive.

    ``base_amount`` is what the old books held it at; without it the rate of the first day counts.
    """

    account: str
    currency: str
    amount: Decimal
    base_amount: Decimal | None = None
    money_account: MoneyAccount | None = None

    @property
    def key(self) -> str:
        """Return what makes it happen once."""
        place = "" if self.money_account is None else self.money_account.pk
        return f"opening:{self.account}:{place}:{self.currency}"


def open_balance(*, book: Book, opening: Opening, actor: str = "system") -> Posted:
    """Post one opening balance on the book's first day, once.

    Raises ``OpeningRefused``: an unknown account or currency, another balance posted before, a first day
    that is closed, a rate that is missing.
    """
    _check(book, opening)
    try:
        with transaction.atomic():
            base, rate_id = _valued(book, opening, actor)
            account = opening.money_account
            shop_id = None if account is None else account.shop_id
            legs = [
                Leg(
                    opening.account,
                    opening.currency,
                    opening.amount,
                    base,
                    rate_id=rate_id,
                    shop_id=shop_id,
                    money_account_id=None if account is None else account.pk,
                ),
                Leg(OPENING, opening.currency, -opening.amount, -base, rate_id=rate_id, shop_id=shop_id),
            ]
            return ledger.post(
                book=book,
                effective_on=book.opens_on,
                kind=Journal.Kind.OPENING,
                key=opening.key,
                legs=legs,
                actor=actor,
            )
    except KeyTaken as taken:
        raise OpeningRefused(
            _("Another opening balance was posted before. Correct it by an entry of its own.")
        ) from taken
    except (LedgerRefused, RateMissing, RatesUnreadable) as refusal:
        raise OpeningRefused(str(refusal)) from refusal


def _check(book: Book, opening: Opening) -> None:
    if not Account.objects.filter(code=opening.account).exists():
        raise OpeningRefused(_("There is no account %s in the plan.") % opening.account)
    if opening.currency not in known_currencies():
        raise OpeningRefused(_("Write a currency as three letters, such as CNY: %s") % opening.currency)
    if not opening.amount or rounded(opening.amount, opening.currency) != opening.amount:
        raise OpeningRefused(_("%s is nothing, or finer than its currency.") % opening.amount)
    if opening.account in _OF_MONEY and opening.money_account is None:
        raise OpeningRefused(_("Name the platform, wallet or bank account this balance is of."))
    if opening.money_account is not None and opening.money_account.book_id != book.pk:
        raise OpeningRefused(_("%s belongs to another company's book.") % opening.money_account.name)
    if opening.account == STOCK and _is_layered(book):
        raise OpeningRefused(
            _(
                "The units in stock have their cost already, and the book holds them at it. Take in units "
                "that are missing by a sheet of opening stock; a balance beside them would count them twice."
            )
        )


def _is_layered(book: Book) -> bool:
    """Say whether units were valued in a book before somebody said what its stock is worth."""
    said = Journal.objects.filter(book=book, key__startswith=f"opening:{STOCK}:")
    return StockLayer.objects.filter(book=book).exists() and not said.exists()


def _valued(book: Book, opening: Opening, actor: str) -> tuple[Decimal, int | None]:
    """Return the base amount and the rate that stands for it."""
    if opening.currency == book.currency:
        if opening.base_amount not in (None, opening.amount):
            raise OpeningRefused(_("In the book's own currency both amounts are the same."))
        return opening.amount, None
    if opening.base_amount is None:
        rate = fx.rate_for(book=book, currency=opening.currency, day=book.opens_on)
        return rate.base(opening.amount), rate.rate_id
    base = opening.base_amount
    if rounded(base, book.currency) != base or (base > 0) != (opening.amount > 0) or not base:
        raise OpeningRefused(_("%s cannot be what the old books held it at.") % base)
    held = rates.event_rate(
        base=opening.currency,
        quote=book.currency,
        on=book.opens_on,
        sold=opening.amount,
        bought=base,
        reason="opening",
        actor=actor,
    )
    return base, held.pk


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Look at a sheet of opening balances: a row that stands already is unchanged."""
    read = [_read(row, job.at) for row in rows]
    again = repeated(
        keys=[
            (row.number, (found.book.pk, found.opening.key))
            for row, found in zip(rows, read, strict=True)
            if isinstance(found, _Row)
        ]
    )
    findings = []
    for row, found in zip(rows, read, strict=True):
        if isinstance(found, str):
            findings.append(Finding(row.number, Outcome.REFUSED, row.values.get("account", ""), found))
        elif row.number in again:
            words = _("says the same account again as row %d; add them up") % again[row.number]
            findings.append(Finding(row.number, Outcome.REFUSED, found.opening.key, words))
        else:
            findings.append(_foreseen(row, found.opening, found.book))
    return findings


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Post a sheet's opening balances, each in the book of its company or of its account's."""
    findings = []
    for row in rows:
        found = _read(row, job.at)
        if isinstance(found, str):
            findings.append(Finding(row.number, Outcome.REFUSED, row.values.get("account", ""), found))
            continue
        key = found.opening.key
        try:
            posted = open_balance(book=found.book, opening=found.opening, actor=job.actor)
        except OpeningRefused as refusal:
            findings.append(Finding(row.number, Outcome.REFUSED, key, str(refusal)))
        else:
            outcome = Outcome.CREATED if posted.is_new else Outcome.UNCHANGED
            findings.append(Finding(row.number, outcome, key))
    return findings


def _foreseen(row: SheetRow, opening: Opening, book: Book) -> Finding:
    try:
        _check(book, opening)
        if opening.base_amount is None and opening.currency != book.currency:
            fx.rate_for(book=book, currency=opening.currency, day=book.opens_on)
    except (OpeningRefused, RateMissing) as refusal:
        return Finding(row.number, Outcome.REFUSED, opening.key, str(refusal))
    stands = Journal.objects.filter(book=book, key=opening.key).exists()
    return Finding(row.number, Outcome.UNCHANGED if stands else Outcome.CREATED, opening.key)


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row says, and in whose book it opens."""

    opening: Opening
    book: Book


def _read(row: SheetRow, at: datetime) -> _Row | str:
    """Return a row's balance, or what is wrong with it."""
    try:
        word = row.text("account", longest=40, required=True)
        name = row.text("money_account", longest=80)
        amount = row.decimal("amount", least=None)
        if amount is None:
            raise CellRefused(_("The amount is empty; leave the row out where there is nothing"))
        account = MoneyAccount.objects.select_related("book").filter(name=name).first() if name else None
        if name and account is None:
            raise CellRefused(_("There is no platform, wallet or bank account named %s") % name)
        book = _book(row.text("company", longest=120), account, at)
        opening = Opening(
            account=WORDS.get(word.casefold(), word),
            currency=row.text("currency", longest=3, required=True).upper(),
            amount=amount,
            base_amount=row.decimal("base_amount", least=None),
            money_account=account,
        )
    except CellRefused as refusal:
        return str(refusal)
    return _Row(opening, book)


def _book(company: str, account: MoneyAccount | None, at: datetime) -> Book:
    """Return the book a row opens in: its company's, else its account's, else the only one there is.

    Raises ``CellRefused`` where more than one can be meant.
    """
    if company:
        return _book_of(company)
    if account is not None:
        return account.book
    held = list(Book.objects.select_related("legal_entity").order_by("legal_entity__name"))
    if len(held) == 1:
        return held[0]
    if not held and LegalEntity.objects.count() < 2:
        return books.default_book(at=at)
    names = [book.legal_entity.name for book in held] or LegalEntity.objects.values_list("name", flat=True)
    raise CellRefused(
        _("There are several companies. Write whose balance it is in the column Company: %s")
        % ", ".join(sorted(names))
    )


def _book_of(company: str) -> Book:
    """Return the book of a company by its code or name."""
    found = list(LegalEntity.objects.filter(code=company)) or list(
        LegalEntity.objects.filter(name__iexact=company).order_by("code")
    )
    if not found:
        names = ", ".join(LegalEntity.objects.order_by("name").values_list("name", flat=True))
        raise CellRefused(
            _("There is no company %(company)s. There are: %(names)s") % {"company": company, "names": names}
        )
    if len(found) > 1:
        codes = ", ".join(one.code for one in found)
        raise CellRefused(
            _("Several companies are named %(company)s. Write the code instead: %(codes)s")
            % {"company": company, "codes": codes}
        )
    book = Book.objects.filter(legal_entity=found[0]).first()
    if book is None:
        raise CellRefused(
            _(
                "%(company)s has no book yet. Open it first: "
                "manage.py book_open --company %(code)s --opens-on DAY"
            )
            % {"company": found[0].name, "code": found[0].code}
        )
    return book
