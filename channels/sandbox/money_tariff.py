"""What the market charges: published fees per platform, marketplace and category, with their dates."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.sandbox.market_clock import instant
from channels.sandbox.places import CNY_PER_MILLION, amount_text, decimals
from channels.sandbox.wire import Call, Response, Route, json_response

if TYPE_CHECKING:
    from channels.sandbox.world import World

DAY = 86400
ANY = "*"
COLUMNS = (
    "platform", "marketplace", "category", "fee", "percent", "base", "fixed", "minimum", "currency",
    "valid_from", "valid_until",
)  # fmt: skip
# The day before the market's birth on which every platform changed some of its fees.
CHANGED_BEFORE_BIRTH = 20 * DAY
LONG_AGO = 400 * DAY


@dataclass(frozen=True, slots=True)
class Rule:
    """One fee: a share of its base in basis points, at least ``minimum``, and a fixed amount for each unit
    of ``base`` it stands for. ``valid_until`` is the first second it no longer holds."""

    marketplace: str
    category: str
    fee: str
    basis_points: int
    base: str
    currency: str
    fixed: int = 0
    minimum: int = 0
    valid_from: int = 0
    valid_until: int | None = None

    def charge(self, base: int, units: int = 1) -> int:
        """Return the fee for a base in minor units, half up, never for less than nothing."""
        share = (max(0, base) * self.basis_points * 2 + 10000) // 20000
        return max(share, self.minimum if base > 0 else 0) + self.fixed * units


class Tariff:
    """A platform's fees, to look up by marketplace, category and day."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_key: dict[tuple[str, str, str], list[Rule]] = {}
        for rule in self.rules:
            self._by_key.setdefault((rule.marketplace, rule.category, rule.fee), []).append(rule)

    def rule(self, *, marketplace: str, category: str, fee: str, at: int) -> Rule:
        """Return the rule of a day: the category's own, else the one for all. Raises ``LookupError``."""
        for wanted in (category, ANY):
            for rule in self._by_key.get((marketplace, wanted, fee), ()):
                if rule.valid_from <= at and (rule.valid_until is None or at < rule.valid_until):
                    return rule
        raise LookupError(f"no {fee} for {category} on {marketplace}")


def dollars(cents: int, currency: str) -> int:
    """Return a fixed fee set in US cents, in another currency's minor units, rounded the way tariffs are."""
    step = int(10 ** decimals(currency))
    exact = cents * CNY_PER_MILLION["USD"] * step // (CNY_PER_MILLION[currency] * 100)
    return max(1, exact if exact < 20 else exact // 5 * 5)


def changed(rules: Iterable[Rule], *, first: int, turn: int, after: Iterable[Rule]) -> list[Rule]:
    """Return rules that held from ``first`` to ``turn``, and those that hold since."""
    old = [_dated(rule, first, turn) for rule in rules]
    return [*old, *(_dated(rule, turn, None) for rule in after)]


def _dated(rule: Rule, first: int, last: int | None) -> Rule:
    return Rule(
        rule.marketplace, rule.category, rule.fee, rule.basis_points, rule.base, rule.currency, rule.fixed,
        rule.minimum, first, last,
    )  # fmt: skip


def tariff(world: "World", platform: str) -> Tariff:
    """Return a platform's fees in this world."""
    if platform not in world.tariffs:
        rules = world.dialects[platform].money
        turn = (world.birth - CHANGED_BEFORE_BIRTH) // DAY * DAY
        first = (world.birth - world.history_days * DAY - LONG_AGO) // DAY * DAY
        world.tariffs[platform] = Tariff(rules.tariff(world, first, turn) if rules is not None else ())
    return world.tariffs[platform]


def published(world: "World", platform: str) -> Sequence[dict[str, Any]]:
    """Return a platform's fees as they are published."""
    return [
        {
            "platform": platform,
            "marketplace": rule.marketplace,
            "category": rule.category,
            "fee": rule.fee,
            "percent": f"{rule.basis_points // 100}.{rule.basis_points % 100:02d}",
            "base": rule.base,
            "fixed": amount_text(rule.fixed, rule.currency),
            "minimum": amount_text(rule.minimum, rule.currency),
            "currency": rule.currency,
            "valid_from": f"{instant(rule.valid_from):%Y-%m-%d}",
            "valid_until": "" if rule.valid_until is None else f"{instant(rule.valid_until):%Y-%m-%d}",
        }
        for rule in tariff(world, platform).rules
    ]


def _platforms(call: Call) -> list[str]:
    wanted = call.request.one("platform")
    seller = call.world.sellers.get(call.request.one("seller") or "")
    if wanted is None and seller is not None:
        wanted = seller.platform
    return [key for key in call.world.dialects if wanted in (None, key)]


def _as_json(call: Call) -> Response:
    rows = [row for platform in _platforms(call) for row in published(call.world, platform)]
    return json_response({"tariff": rows})


def _as_sheet(call: Call) -> Response:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for platform in _platforms(call):
        writer.writerows(published(call.world, platform))
    return Response(
        status=200,
        body=("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="tariff.csv"'},
    )


ROUTES = (
    Route(method="GET", pattern="/_control/tariff", handler=_as_json),
    Route(method="GET", pattern="/seller-center/sheets/tariff.csv", handler=_as_sheet),
)
