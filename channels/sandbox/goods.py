"""The seller's goods: some three hundred SKUs, grown from the families and the seed."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar
from zlib import crc32

from channels.sandbox.goods_data import FAMILIES, VARIANTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Good:
    """One SKU. Weights in grams, sizes in millimeters, cost in fen (CNY)."""

    code: str
    family: str
    theme: str
    variant_en: str
    name_en: str
    name_zh: str
    category: str
    product_type: str
    barcode: str
    weight: int
    size: tuple[int, int, int]
    hs_code: str
    origin: str
    declared_en: str
    declared_zh: str
    cost_fen: int
    has_battery: bool
    is_liquid: bool


def stream(*parts: object) -> Random:
    """Return a source of chance that depends on its parts and on nothing else."""
    text = "/".join(map(str, parts))
    return Random(crc32(text.encode()))  # noqa: S311 - an invented world, not a secret


class Wheel(Generic[T]):
    """A wheel of fortune: values with weights, turned by a source of chance."""

    def __init__(self, weights: Mapping[T, int]) -> None:
        self.values: list[T] = list(weights)
        self.sums = list(accumulate(weights.values()))

    def turn(self, chance: Random) -> T:
        """Return one value, the heavier the likelier."""
        return self.values[bisect(self.sums, chance.random() * self.sums[-1])]


def barcode(number: int) -> str:
    """Return an EAN-13 with its check digit, in the range of numbers handed out in China."""
    digits = f"6901{number:08d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


@cache
def goods(seed: int) -> tuple[Good, ...]:
    """Return every SKU of the world with this seed, in a fixed order."""
    found: list[Good] = []
    for line in FAMILIES.splitlines():
        (
            key,
            en,
            zh,
            category,
            category_zh,
            kind,
            hs,
            grams,
            sizes,
            fen,
            flags,
            variants,
        ) = line.split("|")
        theme, choices = VARIANTS[variants[0]]
        chance = stream(seed, "family", key)
        factor = chance.randint(92, 110)
        length, width, height = (int(part) for part in sizes.split(","))
        for code, variant_en, variant_zh, percent in choices[: int(variants[1:])]:
            found.append(
                Good(
                    code=f"{key}-{code}",
                    family=key,
                    theme=theme,
                    variant_en=variant_en,
                    name_en=f"{en}, {variant_en}",
                    name_zh=f"{zh} {variant_zh}",
                    category=f"{category} {category_zh}",
                    product_type=kind,
                    barcode=barcode(seed % 1000 * 10000 + len(found)),
                    weight=int(grams) * max(percent, 90) // 100,
                    size=(length, width, height),
                    hs_code=hs,
                    origin="VN" if category == "Fashion" and chance.random() < 0.3 else "CN",
                    declared_en=en,
                    declared_zh=zh,
                    cost_fen=int(fen) * percent * factor // 10000,
                    has_battery="b" in flags,
                    is_liquid="l" in flags,
                )
            )
    return tuple(found)


def family_title(good: Good) -> str:
    """Return the name of the whole family, for the parent of its variants."""
    return good.declared_en
