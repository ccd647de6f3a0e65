"""The sellers of the market: their plans, their credentials and when they began to sell."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SellerPlan:
    """How a seller does business: orders per day when the world was young, at birth of the hub, and after it.

    ``marketplaces`` are the country sites with their share of the trade; ``families`` the goods only this
    seller has (none: all that nobody claims); ``waits`` starts the trade with the first authorized call;
    ``shelf`` is the share of its goods it offers on its first marketplace. Its ``name`` is one of its own
    over all platforms.
    """

    name: str
    first_per_day: float
    last_per_day: float
    live_per_day: float
    marketplaces: dict[str, int] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    waits: bool = False
    shelf: float = 0.9


@dataclass(slots=True)
class Seller:
    """A seller's account on one platform with the credentials an application needs."""

    name: str
    platform: str
    seller_id: str
    client_id: str
    client_secret: str
    refresh_token: str
    plan: SellerPlan
    started_at: int | None = None
