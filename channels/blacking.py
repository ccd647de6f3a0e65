"""Raw documents for those who may not see buyers: whatever may tell of a person is blacked out.

Platforms name things differently and add fields without asking, so nothing is shown because no list names
it: what stands below a key that speaks of people goes as a whole, and of the rest a text is shown only when
its key says that it is about the goods, or when it looks like a code, an amount or an instant.
"""

import re
from typing import Any

BLACK = "█████"

_PEOPLE = frozenset({
    "buyer", "buyers", "recipient", "recipients", "receiver", "customer", "customers", "consignee",
    "contact", "person", "payer", "taxpayer", "address", "addresses", "street", "city", "town", "district",
    "county", "province", "municipality", "suburb", "zip", "zipcode", "postal", "postcode", "latitude",
    "longitude", "geo", "phone", "phones", "telephone", "mobile", "fax", "email", "emails", "mail",
    "username", "nickname", "firstname", "lastname", "fullname", "birthday", "birth", "gift", "message",
    "messages", "note", "notes", "comment", "comments", "memo", "remark", "attributes", "properties", "cpf",
    "cnpj", "curp", "rut", "vat", "registration", "registrations", "identity", "passport", "company", "ip",
    "browser", "client", "signature",
})  # fmt: skip
_GOODS = frozenset({
    "id", "ids", "gid", "sku", "skus", "asin", "title", "product", "variation", "variant", "listing",
    "status", "type", "kind", "currency", "marketplace", "channel", "service", "carrier", "method",
    "category", "condition", "program", "version", "warehouse", "logistics", "item", "model",
})  # fmt: skip
_COUNTRIES = frozenset({"country", "countrycode", "countrycodev2"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLAIN = re.compile(
    r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"  # IN_CANCEL
    r"|#?[0-9]{1,6}"
    r"|-?[0-9]{1,9}[.,][0-9]{1,4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?"
    r"|[A-Z]{3}|true|false|",
    re.ASCII,
)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def blacked_out(document: Any, *, own: str = "") -> Any:
    """Return a raw document without what may tell of a person; ``own`` is the object's id and stays.

    A document that is no JSON object or list is blacked out as a whole.
    """
    if not isinstance(document, dict | list):
        return BLACK
    return _cleared(document, key="", own=own)


def _cleared(value: Any, *, key: str, own: str) -> Any:
    if isinstance(value, dict):
        return {name: _of(str(name), one, own=own) for name, one in value.items()}
    if isinstance(value, list):
        return [_cleared(one, key=key, own=own) for one in value]
    if isinstance(value, str):
        shown = value == own or _PLAIN.fullmatch(value) or _words(key) & _GOODS
        return value if shown else BLACK
    return value


def _of(key: str, value: Any, *, own: str) -> Any:
    return _hidden(value) if _words(key) & _PEOPLE else _cleared(value, key=key, own=own)


def _hidden(value: Any, *, key: str = "") -> Any:
    """Keep the shape of what is about a person: which fields came, and the country."""
    if isinstance(value, dict):
        return {name: _hidden(one, key=str(name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one, key=key) for one in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    country = key.replace("_", "").casefold() in _COUNTRIES
    return value if country and _COUNTRY.fullmatch(str(value)) else BLACK


def _words(key: str) -> set[str]:
    return {word.casefold() for word in _WORDS.findall(key)} | {key.casefold()}
