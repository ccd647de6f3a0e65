"""Who bought and where it goes: sealed under the order's data key, found by blind tokens, shown masked."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Q

from channels import documents
from channels.messages import IncomingAddress, IncomingBuyer
from channels.models import ChannelAccount
from ecomhub.sealed import blind_token, seal_bytes, unseal_bytes
from orders.models import Order, OrderBuyer, OrderLine

_PURPOSE = "orders.buyer"
_SHORTEST_PREFIX = 3
_LONGEST_PREFIX = 8
_WORD = re.compile(r"\w+")


def _context(account_id: int, external_id: str) -> str:
    return f"orders.buyer:{account_id}:{external_id}"


def _gift_context(account_id: int, external_id: str, line_id: str) -> str:
    return f"orders.gift_message:{account_id}:{external_id}:{line_id}"


def seal_buyer(*, key: bytes, account_id: int, external_id: str, buyer: IncomingBuyer) -> bytes:
    """Seal a buyer and address under the order's data key."""
    data: dict[str, Any] = {
        "name": buyer.name,
        "email": buyer.email,
        "phone": buyer.phone,
        "tax_id": buyer.tax_id,
        "id": buyer.id,
    }
    place = buyer.address
    if place is not None:
        data["address"] = {
            "name": place.name,
            "company": place.company,
            "lines": place.lines,
            "city": place.city,
            "region": place.region,
            "postal_code": place.postal_code,
            "country": place.country,
            "phone": place.phone,
        }
    plain = json.dumps(data, ensure_ascii=False).encode(errors="surrogatepass")
    return seal_bytes(key=key, context=_context(account_id, external_id), data=plain)


def open_buyer(*, order: Order) -> IncomingBuyer | None:
    """Open an order's buyer; ``None`` when there is none or the data key is gone.

    Ask ``actor.may("orders.view_buyer")`` first.
    """
    try:
        row = order.buyer
    except OrderBuyer.DoesNotExist:
        return None
    key = _key(order)
    if key is None:
        return None
    context = _context(order.account_id, order.external_id)
    data = json.loads(unseal_bytes(key=key, context=context, blob=bytes(row.sealed)))
    place = data.pop("address", None)
    if place is not None:
        place["lines"] = tuple(place["lines"])
    return IncomingBuyer(**data, address=None if place is None else IncomingAddress(**place))


def _key(order: Order) -> bytes | None:
    keys = documents.data_keys(account_id=order.account_id, external_ids=[order.external_id])
    return keys.get(order.external_id)


def seal_gift_message(*, key: bytes, account_id: int, external_id: str, line_id: str, text: str) -> bytes:
    """Seal a line's gift message under the order's data key."""
    context = _gift_context(account_id, external_id, line_id)
    return seal_bytes(key=key, context=context, data=text.encode(errors="surrogatepass"))


def open_gift_message(*, order: Order, line: OrderLine) -> str:
    """Open a line's gift message; empty when there is none or the data key is gone."""
    key = _key(order) if line.gift_message_sealed else None
    if key is None or line.gift_message_sealed is None:
        return ""
    context = _gift_context(order.account_id, order.external_id, line.external_id)
    blob = bytes(line.gift_message_sealed)
    return unseal_bytes(key=key, context=context, blob=blob).decode(errors="replace")


def orders_of(*, account: ChannelAccount, people: Iterable[str]) -> dict[int, set[str]]:
    """Return the orders of people, named by the platform's id or their e-mail: order ids by account.

    The platform's id means the same person on every account at the same address of the platform; an e-mail
    is believed for the one account alone.
    """
    found: dict[int, set[str]] = {}
    named = list(people)
    ids = [blind_token(purpose=_PURPOSE, text=f"i:{one}") for one in named]
    mails = [blind_token(purpose=_PURPOSE, text=f"e:{_normal(one)}") for one in named]
    if not named:
        return found
    rows = OrderBuyer.objects.filter(
        Q(
            tokens__overlap=ids,
            order__account__platform=account.platform,
            order__account__endpoint=account.endpoint,
        )
        | Q(tokens__overlap=mails, order__account=account)
    )
    for account_id, external_id in rows.values_list("order__account_id", "order__external_id"):
        found.setdefault(account_id, set()).add(external_id)
    return found


def erase(*, account_id: int, external_ids: Iterable[str], at: datetime) -> int:
    """Erase the buyers of orders for good: their data keys, and with them every document and backup of them.

    Belongs into a transaction. Returns how many orders had personal data until now.
    """
    names = sorted(set(external_ids))
    orders = Order.objects.filter(account_id=account_id, external_id__in=names)
    OrderBuyer.objects.filter(order__in=orders).delete()
    OrderLine.objects.filter(order__in=orders, gift_message_sealed__isnull=False).update(
        gift_message_sealed=None
    )
    return documents.destroy_keys(account_id=account_id, external_ids=names, at=at)


def _mask(text: str) -> str:
    return " ".join(f"{word[0]}***" for word in text.split())


def masked(*, buyer: IncomingBuyer | None) -> dict[str, Any]:
    """Return what may be shown of a buyer without the right to see them: initials, town and country."""
    if buyer is None:
        return {}
    place = buyer.address or IncomingAddress()
    local, at, domain = buyer.email.partition("@")
    return {
        "name": _mask(buyer.name or place.name),
        "email": f"{local[:1]}***{at}{domain}" if at else "",
        "city": place.city,
        "postal_code": f"{place.postal_code[:2]}***" if place.postal_code else "",
        "country": place.country,
    }


def plain(*, buyer: IncomingBuyer | None) -> dict[str, Any]:
    """Return everything known of a buyer, for those with the right to see it."""
    return {} if buyer is None else asdict(buyer)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_wide(word: str) -> bool:
    return any(char > "\u2e7f" for char in word)


def _word_keys(word: str) -> Iterable[str]:
    shortest = 1 if _is_wide(word) else _SHORTEST_PREFIX
    for length in range(shortest, min(len(word), _LONGEST_PREFIX) + 1):
        yield f"p:{word[:length]}"
    if len(word) < shortest:
        yield f"w:{word}"


def search_tokens(*, buyer: IncomingBuyer) -> list[bytes]:
    """Return the blind tokens under which a buyer is found: words of the names, e-mail, phone."""
    place = buyer.address or IncomingAddress()
    keys: dict[str, None] = {}
    names = _normal(buyer.name)
    for name in {names, _normal(place.name)}:
        for word in _WORD.findall(name):
            keys.update(dict.fromkeys(_word_keys(word)))
    if buyer.id:
        keys[f"i:{buyer.id}"] = None
    if buyer.email:
        keys[f"e:{_normal(buyer.email)}"] = None
    for phone in {buyer.phone, place.phone}:
        digits = "".join(filter(str.isdigit, phone))
        if len(digits) >= 6:
            keys[f"t:{digits}"] = None
    return [blind_token(purpose=_PURPOSE, text=key) for key in keys]


def query_tokens(*, text: str) -> list[list[bytes]]:
    """Return what to look for: ways of reading the text, each a list of tokens an order must all carry.

    A word finds names beginning with it (with its first eight letters); e-mail and phone are exact.
    """
    normal = _normal(text)
    ways = []
    if "@" in normal:
        ways.append([f"e:{normal}"])
    digits = "".join(filter(str.isdigit, normal))
    if len(digits) >= 6 and not any(map(str.isalpha, normal)):
        ways.append([f"t:{digits}"])
    words = _WORD.findall(normal)
    if words and "@" not in normal:
        ways.append([_query_key(word) for word in words])
    return [[blind_token(purpose=_PURPOSE, text=key) for key in way] for way in ways]


def _query_key(word: str) -> str:
    shortest = 1 if _is_wide(word) else _SHORTEST_PREFIX
    return f"w:{word}" if len(word) < shortest else f"p:{word[:_LONGEST_PREFIX]}"
