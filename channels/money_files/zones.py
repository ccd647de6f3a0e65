"""Time zones as documents name them: letters, offsets and IANA names."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOURS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "GST": 4, "IST": 5.5, "ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8,
    "MYT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "ACDT": 10.5, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6,
    "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.ASCII)


def zone_of(name: str, account_zone: str = "UTC") -> tzinfo | None:
    """Return the zone of a text such as ``PDT``, ``GMT+08:00`` or ``Asia/Tokyo``; ``None`` when unknown.

    ``CST`` is China's where the account lives in Asia, else North America's.
    """
    text = name.strip().rstrip(".")
    if text.upper() == "CST" and account_zone.startswith("Asia/"):
        return timezone(timedelta(hours=8))
    hours = _HOURS.get(text.upper())
    if hours is not None:
        return timezone(timedelta(hours=hours)) if hours else UTC
    if found := _OFFSET.fullmatch(text):
        size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-size if found[1] == "-" else size) if size < timedelta(hours=24) else None
    if "/" in text:
        try:
            return ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError):
            return None
    return None
