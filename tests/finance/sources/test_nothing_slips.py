"""Where a document states a total, a row that is taken away, doubled or changed does not go unseen."""

import io
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from channels.settlement_messages import StatementUnreadable
from finance.sources import registry
from tests.finance.sources.documents import DOCUMENTS, READING, split

# Documents of rows: the rows below their heading that are money, and the columns of amount and currency.
TABLES = {
    "amazon_settlement_v2": ("\t", 2, 14, 5),
    "amazon_settlement_flat": ("\t", 2, None, 5),
    "ebay_transaction_report": (",", 4, None, None),
}
# Documents of objects: the list, and the paths of amount and currency in its objects.
LISTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "ebay_finances": ("transactions", ("amount", "value"), ("amount", "currency")),
    "shopify_payouts": ("transactions", ("amount",), ("currency",)),
}


def faults(key: str, content: bytes) -> list[str]:
    """Return what a house would notice: missed totals, mixed currencies, what is unreadable."""
    try:
        statements, lines = split(registry.source(key).read(io.BytesIO(content), READING))
    except StatementUnreadable as error:
        return [error.reason]
    found = []
    for settlement, statement in statements.items():
        own = [line for line in lines if line.settlement_id == settlement]
        if statement.total is not None and sum((line.amount for line in own), Decimal(0)) != statement.total:
            found.append(f"{settlement}: the lines miss the total")
        if statement.payout_amount is not None and statement.payout_amount != (statement.total or 0):
            found.append(f"{settlement}: the payout is another amount")
        if any(line.currency != statement.currency for line in own):
            found.append(f"{settlement}: two currencies")
        found += [f"{settlement}: a remainder" for line in own if line.types[1] == "remainder"]
    return found


@pytest.mark.parametrize(
    "key", [*TABLES, *LISTS, "shopee_escrow", "paypal_settlement", "bank_mt940", "bank_camt053"]
)
def test_the_whole_document_has_no_fault(key: str) -> None:
    assert faults(key, DOCUMENTS[key]) == []


def _changed_tables(key: str) -> Iterator[str]:
    delimiter, start, amount, currency = TABLES[key]
    rows = DOCUMENTS[key].decode().splitlines()
    for place in range(start, len(rows)):
        if ",Payout," not in rows[place]:  # it states the total
            yield "\n".join(rows[:place] + rows[place + 1 :])
        yield "\n".join(rows[: place + 1] + rows[place:])
        cells = rows[place].split(delimiter)
        if amount is not None:
            changed = [*cells[:amount], str(Decimal(cells[amount]) + Decimal("0.01")), *cells[amount + 1 :]]
            yield "\n".join([*rows[:place], delimiter.join(changed), *rows[place + 1 :]])
        if currency is not None:
            changed = [*cells[:currency], "GBP", *cells[currency + 1 :]]
            yield "\n".join([*rows[:place], delimiter.join(changed), *rows[place + 1 :]])


@pytest.mark.parametrize("key", TABLES)
def test_a_changed_row_of_a_table_is_seen(key: str) -> None:
    for text in _changed_tables(key):
        assert faults(key, text.encode()), text


def _set(holder: dict[str, Any], path: tuple[str, ...], change: Callable[[Any], Any]) -> None:
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = change(holder[path[-1]])


def _changed_lists(key: str) -> Iterator[Any]:
    name, amount, currency = LISTS[key]
    for place in range(len(json.loads(DOCUMENTS[key])[name])):
        document = json.loads(DOCUMENTS[key])
        del document[name][place]
        yield document
        document = json.loads(DOCUMENTS[key])
        document[name].append(document[name][place])
        yield document
        document = json.loads(DOCUMENTS[key])
        _set(document[name][place], amount, lambda text: str(Decimal(text) + Decimal("0.01")))
        yield document
        if (
            document[name][place]["type" if "type" in document[name][place] else "transactionType"]
            != "payout"
        ):
            document = json.loads(DOCUMENTS[key])
            _set(document[name][place], currency, lambda _text: "GBP")
            yield document


@pytest.mark.parametrize("key", LISTS)
def test_a_changed_object_of_an_answer_is_seen(key: str) -> None:
    for document in _changed_lists(key):
        assert faults(key, json.dumps(document).encode()), document


def test_a_changed_number_of_an_escrow_is_seen() -> None:
    income = json.loads(DOCUMENTS["shopee_escrow"])["response"]["order_income"]
    for name in income:
        document = json.loads(DOCUMENTS["shopee_escrow"])
        document["response"]["order_income"][name] += 0.01
        assert faults("shopee_escrow", json.dumps(document).encode()), name
        del document["response"]["order_income"][name]
        assert faults("shopee_escrow", json.dumps(document).encode()), name


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("bank_mt940", r":61:[^\n]*\n(?:[^:][^\n]*\n)*"),
        ("bank_camt053", r"<Ntry>.*?</Ntry>"),
        ("paypal_settlement", r'"SB"[^"]*(?:"[^"]*"[^"\n]*)*\n'),
    ],
)
def test_an_entry_of_a_statement_that_is_missing_or_twice_is_seen(key: str, pattern: str) -> None:
    text = DOCUMENTS[key].decode()
    found = list(re.finditer(pattern, text, re.DOTALL))
    assert len(found) == 2
    for entry in found:
        assert faults(key, (text[: entry.start()] + text[entry.end() :]).encode())
        assert faults(key, (text[: entry.end()] + entry[0] + text[entry.end() :]).encode())
