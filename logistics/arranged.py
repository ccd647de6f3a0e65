"""What an arrangement means for its shipment: who brings the number, and whether goods may leave."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from channels.adapter import Capability
from channels.registry import platform
from channels.shipping_messages import ShippingChoice
from ecomhub.work import WorkState
from logistics.models import Arrangement, Shipment
from logistics.refusals import ShipmentRefused
from orders.models import Order

OWN_NUMBER = "own_number"
_Outcome = Arrangement.Outcome
AGAIN = frozenset({_Outcome.REFUSED, _Outcome.WITHDRAWN})
"""Outcomes after which a shipment may be arranged anew."""


def is_arranged(*, order: Order) -> bool:
    """Say whether shipments of an order are arranged with its platform instead of told to it."""
    return order.account.confirms_shipments and offers_it(platform_key=order.account.platform)


def offers_it(*, platform_key: str) -> bool:
    """Say whether a platform arranges shipments; a platform no longer there does not."""
    try:
        return Capability.ARRANGE_SHIPMENT in platform(platform_key).capabilities
    except LookupError:
        return False


def needs_number(*, choice: ShippingChoice) -> bool:
    """Say whether the seller brings the tracking number to this way of handing over."""
    return choice.kind == OWN_NUMBER or choice.parameters.get("asks") == "tracking_number"


def title_of(*, choice: ShippingChoice) -> str:
    """Return what a person reads of a choice: the platform's words, else what kind it is."""
    kinds = {
        "pickup": _("The carrier picks it up"),
        "dropoff": _("We bring it to the carrier"),
        OWN_NUMBER: _("Our own carrier and number"),
    }
    return choice.label or kinds.get(choice.kind, choice.kind)


def arranged_among(*, shipment_ids: Collection[int]) -> set[int]:
    """Return which of these shipments are arranged or being arranged: nothing may be added to them."""
    rows = Arrangement.objects.live().filter(shipment__in=shipment_ids)
    return set(rows.values_list("shipment", flat=True))


def withdraw(*, shipment_id: int, reason: str) -> list[int]:
    """Take back what was not sent yet of a voided shipment; the caller holds its orders' locks.

    Returns the orders whose platform was, or may have been, asked already.
    """
    rows = Arrangement.objects.filter(shipment=shipment_id)
    rows.filter(outcome__in=[_Outcome.INTENDED, _Outcome.REFUSED]).update(
        outcome=_Outcome.WITHDRAWN, state=WorkState.DONE, reason=reason[:500]
    )
    return sorted(rows.live().values_list("order", flat=True))


def given_words(*, shipment: Shipment, orders: Mapping[int, Order]) -> tuple[str, str] | None:
    """Return carrier and number the platform gave a shipment that may leave now; ``None``: we bring them.

    Raises ``ShipmentRefused`` while an arrangement is needed and not complete.
    """
    row = Arrangement.objects.filter(shipment=shipment).first()
    asked = row is not None and row.outcome not in AGAIN
    if not asked and not any(is_arranged(order=order) for order in orders.values()):
        return None
    if row is None or not asked:
        raise ShipmentRefused(
            "not_arranged",
            _("Arrange this shipment first: the marketplace gives its tracking number and label."),
        )
    if row.outcome != _Outcome.CONFIRMED:
        raise ShipmentRefused(
            "being_arranged", _("The marketplace has not taken the arrangement yet. Wait, or try again.")
        )
    if not row.tracking_number:
        raise ShipmentRefused(
            "number_awaited",
            _("The marketplace has not given the tracking number yet. It is asked again by itself."),
        )
    return shipment.carrier or row.carrier, row.tracking_number


def refuse_own_words(*, shipment: Shipment, orders: Mapping[int, Order]) -> None:
    """Raise ``ShipmentRefused`` where the platform gives carrier and number, so that nobody types others."""
    if Arrangement.objects.live().filter(shipment=shipment).exists() or (
        shipment.state == Shipment.State.PLANNED
        and any(is_arranged(order=order) for order in orders.values())
    ):
        raise ShipmentRefused(
            "number_is_given", _("The marketplace gives carrier and tracking number of this shipment.")
        )


def choice_of(*, row: Arrangement) -> ShippingChoice:
    """Return the choice an arrangement was made with, as the platform offered it."""
    held: Mapping[str, Any] = row.choice
    return ShippingChoice(
        kind=str(held.get("kind", "")),
        label=str(held.get("label", "")),
        parameters={str(name): str(value) for name, value in held.get("parameters", {}).items()},
        from_at=parse_datetime(held.get("from_at") or ""),
        to_at=parse_datetime(held.get("to_at") or ""),
    )
