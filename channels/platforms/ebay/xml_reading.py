"""Reading Trading's XML strictly: hardened parsing, and elements as objects like those of JSON.

A text stays text; an element with attributes becomes ``{"value": text, "<attribute>": ...}``; an element
that comes several times becomes a list, so a list of one looks like its only member: ``several`` undoes it.
"""

import re
from decimal import Decimal

from lxml import etree  # type: ignore[import-untyped]

from channels.platforms.ebay.mapping_money import Purse
from channels.reading import Json, Unreadable, an_object, clean, flag

NAMESPACE = "urn:ebay:apis:eBLBaseComponents"
DEEPEST = 60
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_LARGEST = 1_000_000


def parse_xml(body: bytes) -> etree._Element:
    """Parse one document. Raises ``ValueError`` for anything that is not plain XML of ordinary depth.

    A document type is refused: it is how a document reaches for files or swells without end.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"not XML: {str(error)[:100]}") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("the document brings a document type")
    if _depth(root) > DEEPEST:
        raise ValueError("nested too deeply")
    return root


def _depth(root: etree._Element) -> int:
    deepest, level = 0, 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        deepest = max(deepest, level)
    return deepest


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)


def as_object(element: etree._Element) -> Json:
    """Return an element as an object; one without children is an empty object."""
    found = _value(element)
    return found if isinstance(found, dict) else {}


def _value(element: etree._Element) -> object:
    data: dict[str, object] = {str(name): str(value) for name, value in element.attrib.items()}
    parts = [part for part in element if isinstance(part.tag, str)]
    if not parts:
        text = element.text or ""
        return {**data, "value": text} if data else text
    for part in parts:
        name, value = local_name(part), _value(part)
        if name not in data:
            data[name] = value
        elif isinstance(data[name], list):
            data[name].append(value)  # type: ignore[attr-defined]
        else:
            data[name] = [data[name], value]
    return data


def inner(parent: Json, name: str) -> Json:
    """Return the object under a name; an absent or empty element is an empty object."""
    value = parent.get(name)
    return {} if value is None or value == "" else an_object(value, name)


def several(parent: Json, name: str) -> list[Json]:
    """Return the objects that come under a name, however many."""
    value = parent.get(name)
    if value is None or value == "":
        return []
    found = value if isinstance(value, list) else [value]
    return [an_object(part, name) for part in found]


def several_texts(parent: Json, name: str) -> list[str]:
    """Return the texts that come under a name, however many."""
    value = parent.get(name)
    if value is None:
        return []
    return [clean(part, name) for part in (value if isinstance(value, list) else [value])]


def whole_text(parent: Json, name: str, default: int | None = None) -> int:
    """Return a quantity written as text. Without a default it must be there."""
    value = parent.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise Unreadable(f"{name} is missing")
    found = clean(value, name).strip()
    if not _WHOLE.fullmatch(found) or int(found) > _LARGEST:
        raise Unreadable(f"{name} is not a quantity")
    return int(found)


def xml_money(purse: Purse, parent: Json, name: str) -> Decimal | None:
    """Return an amount with its attribute ``currencyID``, ``None`` when the element is absent."""
    value = parent.get(name)
    if value is None or value == "":
        return None
    return purse.take(an_object(value, name), name, amount_key="value", currency_key="currencyID")


def truth(parent: Json, name: str) -> bool:
    """Return a truth value."""
    return flag(parent, name)
