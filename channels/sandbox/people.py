"""Buyers and their addresses."""

import re
from random import Random

from channels.sandbox.people_data import COMPANIES, COUNTRIES, Country

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"
_PLACES = re.compile("([#%?])")


def filled(pattern: str, chance: Random) -> str:
    """Fill a pattern: ``#`` any digit, ``%`` a digit from 1 to 9, ``?`` a letter."""

    pieces = _PLACES.split(pattern)
    if len(pieces) == 1:
        return pattern
    luck = chance.getrandbits(6 * len(pieces))
    for place in range(1, len(pieces), 2):
        sign, number, luck = pieces[place], luck & 4095, luck >> 12
        pieces[place] = (
            _LETTERS[number % 22] if sign == "?" else str(number % 10 if sign == "#" else 1 + number % 9)
        )
    return "".join(pieces)


def full_name(country: Country, chance: Random) -> str:
    """Return a person's name in the order the country writes it."""
    given, surname = chance.choice(country.given), chance.choice(country.surnames)
    if country.surname_first is None:
        return f"{given} {surname}"
    return f"{surname}{country.surname_first}{given}"


def address(*, country_code: str, chance: Random, business: bool) -> dict[str, str]:
    """Return an invented delivery address in the country's own script."""
    country = COUNTRIES[country_code]
    city, region, postal = chance.choice(country.cities)
    found = {
        "name": full_name(country, chance),
        "line1": filled(chance.choice(country.streets), chance),
        "city": city,
        "region": region,
        "postal_code": filled(postal, chance),
        "country": country_code,
        "phone": filled(country.phone, chance),
        "kind": "COMMERCIAL" if business else "RESIDENTIAL",
    }
    if chance.random() < 0.4:
        found["line2"] = filled(chance.choice(country.second_lines), chance)
    if business:
        found["company"] = chance.choice(COMPANIES)
    elif chance.random() < 0.02:
        found["line3"] = "Leave with neighbour / 请放门口"
    return found


def buyer(*, country_code: str, chance: Random, mail: str, recipient: dict[str, str]) -> dict[str, str]:
    """Return who pays: mostly the recipient, sometimes somebody who sends a present."""
    name = recipient["name"]
    if chance.random() < 0.08:
        name = full_name(COUNTRIES[country_code], chance)
    found = {"name": name, "mail": mail}
    if "company" in recipient:
        found["company"] = recipient["company"]
        found["purchase_order"] = f"PO-{chance.randint(10000, 99999)}"
    return found
