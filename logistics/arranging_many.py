"""Arranging many planned shipments at once: each is decided by itself, and a refusal stops only itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels.models import ChannelAccount
from logistics import arranging
from logistics.models import Arrangement, Shipment, ShipmentLine
from logistics.refusals import ShipmentRefused
from logistics.splitting import Part
from orders.models import Order
from orders.opened import NotAllowed

MOST = 100
"""How many shipments are arranged by one act."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How one shipment is to be arranged: by a choice's key, a kind preferred, or the shop's rule."""

    shipment_id: int
    choice_key: str = ""
    preference: str = ""
    tracking_number: str = ""
    parts: tuple[Part, ...] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a wish: the arrangement that was left as work, or why there is none."""

    shipment_id: int
    arrangement: Arrangement | None = None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """A shipment that could be arranged now, with its order's account; else ``text`` says why not."""

    shipment: Shipment
    account: ChannelAccount | None = None
    text: str = ""


def sort_out(*, shipments: Sequence[Shipment]) -> list[Fit]:
    """Say of each shipment whether it could be arranged now, without asking any platform."""
    found: list[Fit] = []
    for shipment in shipments:
        try:
            order = arranging.check(shipment_id=shipment.pk)
        except (ShipmentRefused, NotAllowed) as refusal:
            found.append(Fit(shipment, text=str(refusal)))
        else:
            found.append(Fit(shipment, account=order.account))
    return found


def intend_many(*, wishes: Sequence[Wish], at: datetime, actor: str) -> list[Result]:
    """Leave the work of arranging each shipment, in the order of the wishes; may stand inside a transaction.

    All orders are locked first, in key order. Each wish is a savepoint: what is refused is undone alone.
    """
    with transaction.atomic():
        _lock_orders([wish.shipment_id for wish in wishes])
        return [_intend(wish, at=at, actor=actor) for wish in wishes]


def _lock_orders(shipment_ids: Sequence[int]) -> None:
    held = ShipmentLine.objects.filter(shipment__in=shipment_ids).values("line__order")
    rows = Order.objects.filter(pk__in=held).order_by("pk").select_for_update(of=("self",))
    list(rows.values_list("pk", flat=True))


def _intend(wish: Wish, *, at: datetime, actor: str) -> Result:
    try:
        row = arranging.intend(
            shipment_id=wish.shipment_id,
            choice_key=wish.choice_key,
            preference=wish.preference,
            tracking_number=wish.tracking_number,
            parts=wish.parts,
            at=at,
            actor=actor,
        )
    except (ShipmentRefused, NotAllowed) as refusal:
        return Result(wish.shipment_id, code=refusal.code, text=str(refusal))
    return Result(wish.shipment_id, arrangement=row)
