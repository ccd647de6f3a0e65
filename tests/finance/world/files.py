"""The documents of that world and samples of every source, to be imported into fresh books in any order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from psycopg2 import sql

from channels.models import ChannelAccount
from ecomhub import files
from ecomhub.models import LegalEntity
from finance.accounting import books
from finance.models import MoneyAccount, SourceFile
from finance.statements import importing, money_accounts
from tests.database import connect_owner
from tests.finance.holding import account_for
from tests.finance.sources.documents import DOCUMENTS
from tests.finance.v2 import V2, fee, other, price
from tests.sandbox_fixture import START

SAMPLES = "samples"
"""The company whose accounts the samples belong to."""

_KEPT = frozenset(
    ("finance_account", "finance_currency", "finance_matchrule", "finance_fxrate", "finance_ratefile",
     "finance_tariff")
)  # fmt: skip


class Kept(NamedTuple):
    """One document: its account's name, the source of a sample, its own name, its bytes."""

    account: str
    sample: str
    name: str
    content: bytes


def pulled() -> list[Kept]:
    """Every document that was pulled, in the order it came in."""
    found = []
    for row in SourceFile.objects.select_related("account", "file").order_by("pk"):
        with files.opened(file=row.file) as content:
            found.append(Kept(row.account.name, "", row.file.name, content.read()))
    return found


def samples() -> list[Kept]:
    """A document of each source, and a settlement that is issued again, in two encodings."""
    rows = [price("10.00"), price("10.00"), fee("-1.50"), other("-3.00", "Storage Fee")]
    made = [Kept("", key, f"{key}.txt", content) for key, content in DOCUMENTS.items()]
    first, again = V2(rows[:2]).text(), V2(rows).text()
    made += [
        Kept("", "amazon_settlement_v2", name, text.encode(encoding))
        for name, text, encoding in (
            ("first", first, "utf-8"), ("again", again, "utf-8"), ("once more", again, "utf-16"),
        )
    ]  # fmt: skip
    return made


def forget_everything() -> None:
    """Empty the house of money but for its plan, rules and rates; through the owner, who alone may."""
    connection = connect_owner()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            r"AND relname LIKE 'finance\_%'"
        )
        names = sorted({name for (name,) in cursor.fetchall()} - _KEPT)
        cursor.execute(
            sql.SQL("TRUNCATE {}").format(
                sql.SQL(", ").join(sql.Identifier("public", name) for name in names)
            )
        )
    connection.close()


def open_accounts() -> None:
    """Open fresh books and accounts: the market's sellers in one, the samples' in the other."""
    for channel in ChannelAccount.objects.filter(environment="sandbox").order_by("pk"):
        money_accounts.of_channel(channel=channel, at=START)
    company, _new = LegalEntity.objects.get_or_create(
        code=SAMPLES, defaults={"name": "Samples", "country": "US", "currency": "USD"}
    )
    books.open_book(
        legal_entity=company, opens_on=date(2025, 1, 1), at=START, rate_days=92, allows_cross_rates=True
    )
    for key in DOCUMENTS:
        account_for(key, legal_entity=company, at=START)


def take_in(documents: Iterable[Kept], *, folder: Path) -> None:
    """Import documents one after another, as a door does."""
    accounts = {account.name: account for account in MoneyAccount.objects.select_related("book", "channel")}
    path = folder / "document"
    for one in documents:
        path.write_bytes(one.content)
        account = accounts[one.account or f"Account of {one.sample}"]
        importing.take_in(account=account, path=path, name=one.name, at=START)
