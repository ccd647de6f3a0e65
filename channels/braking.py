"""Whether quantities may go out; a batch that would zero or move too much stops until a person confirms.

An empty import, a wrong warehouse or a wrong unit shows as a change of very many quantities at once. Small
batches always pass, so that selling out one of three listings is no alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop as _

from channels.adapter import Capability
from channels.models import ChannelAccount
from channels.offers import Offer, published, shown_quantity
from channels.registry import platform
from ecomhub.sentences import kept

SMALL_BATCH = 5
"""So many changed listings always pass."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How much a batch changes, against everything the account shows."""

    listings: int
    selling: int
    zeroed: int
    units_shown: int
    units_moved: int

    @property
    def zeroed_share(self) -> float:
        """The part of the selling listings that would stop selling."""
        return self.zeroed / self.selling if self.selling else 0.0

    @property
    def moved_share(self) -> float:
        """The part of the offered units that would change."""
        base = max(self.units_shown, self.units_moved)
        return self.units_moved / base if base else 0.0


def may_push(account: ChannelAccount) -> bool:
    """Say whether quantities of this account may go out at all, as its row was read."""
    return (
        account.pushes_stock
        and account.switched_on_at is not None
        and account.brake_engaged_at is None
        and account.state == ChannelAccount.State.CONNECTED
        and Capability.PUSH_STOCK in platform(account.platform).capabilities
    )


def sweep(*, account_id: int, batch: Sequence[Offer]) -> Sweep:
    """Measure a batch."""
    rows = published(account_id=account_id).select_related("listing")
    shown = [shown_quantity(publication=row) or 0 for row in rows]
    return Sweep(
        listings=sum(offer.change != 0 for offer in batch),
        selling=sum(quantity > 0 for quantity in shown),
        zeroed=sum((offer.shown or 0) > 0 and offer.wanted == 0 for offer in batch),
        units_shown=sum(shown),
        units_moved=sum(abs(offer.change) for offer in batch),
    )


def objection(*, account: ChannelAccount, batch: Sequence[Offer], at: datetime) -> str:
    """Return why a batch must not go out, as ``sentences.shown`` words it; empty when it may."""
    if account.brake_released_until is not None and at < account.brake_released_until:
        return ""
    found = sweep(account_id=account.pk, batch=batch)
    share = float(account.brake_share)
    if found.listings < SMALL_BATCH:
        return ""
    if found.zeroed_share > share:
        text = _("%(zeroed)d of %(selling)d selling listings would go to 0.")
        return kept(text, zeroed=found.zeroed, selling=found.selling)
    if found.moved_share > share:
        text = _("%(moved)d units would change on %(listings)d listings; %(shown)d are offered now.")
        return kept(text, moved=found.units_moved, listings=found.listings, shown=found.units_shown)
    return ""
