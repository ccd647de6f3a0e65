"""What Amazon charges in this market."""

from collections.abc import Sequence

from channels.sandbox.goods_data import FAMILIES
from channels.sandbox.money_tariff import ANY, Rule, changed, dollars
from channels.sandbox.places import Marketplace
from channels.sandbox.world import World

COMMISSION, FULFILLMENT, REFUND_ADMINISTRATION = "Commission", "FBAPerUnitFulfillmentFee", "RefundCommission"
SUBSCRIPTION, STORAGE, ADVERTISING = "Subscription Fee", "Storage Fee", "Cost of Advertising"
_USUAL = 1500
# Categories whose share of the sales price, in basis points, is another one.
_SHARES = {"Fashion": 1700, "Electronics": 800, "Beauty": 1200}


def product_types() -> dict[str, str]:
    """Return the category of every product type of the market's goods."""
    families = (line.split("|") for line in FAMILIES.splitlines() if line)
    return {parts[5]: parts[3] for parts in families}


def rules(world: World, first: int, turn: int) -> Sequence[Rule]:
    """Return Amazon's fees on every marketplace, before and after they changed."""
    places = world.dialects["amazon"].marketplaces
    before, after = ([rule for place in places for rule in _of(place, edition)] for edition in (0, 1))
    return changed(before, first=first, turn=turn, after=after)


def _of(place: Marketplace, edition: int) -> list[Rule]:
    def fee(name: str, share: int, base: str, fixed: int = 0, minimum: int = 0, category: str = ANY) -> Rule:
        return Rule(
            place.id, category, name, share, base, place.currency,
            dollars(fixed, place.currency) if fixed else 0,
            dollars(minimum, place.currency) if minimum else 0,
        )  # fmt: skip

    special = [
        fee(COMMISSION, _SHARES[category], "charges", minimum=30, category=kind)
        for kind, category in sorted(product_types().items())
        if category in _SHARES
    ]
    return [
        fee(COMMISSION, _USUAL, "charges", minimum=30),
        *special,
        fee(FULFILLMENT, 0, "units", fixed=386 + 20 * edition),
        fee(REFUND_ADMINISTRATION, 2000, "commission"),
        fee(SUBSCRIPTION, 0, "months", fixed=3999),
        fee(STORAGE, 0, "listings", fixed=9 + edition),
        fee(ADVERTISING, 0, "orders", fixed=85),
    ]
