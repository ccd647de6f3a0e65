"""Arranging shipments where the platform gives the tracking number (安排发货): the choices, and the decision.

Asking for the choices is a call; deciding leaves a row of work, which ``handing_over`` carries out.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels import tokens
from channels.adapter import ChannelError, CredentialsRejected, RetryLater
from channels.models import Shop
from channels.registry import platform
from channels.shipping_messages import ShippingChoice
from ecomhub import events
from ecomhub.work import WorkState
from logistics.arranged import AGAIN, OWN_NUMBER, needs_number, offers_it, title_of
from logistics.confirmation import DUE_ANEW
from logistics.dividing import refuse_part, told_lines
from logistics.models import Arrangement, HandoverRule, Shipment
from logistics.queries import orders_in
from logistics.refusals import NoSuchShipment, ShipmentRefused
from logistics.splitting import Part, split_off
from orders.models import Order
from orders.shipping import shipment_gate

CHOICES = "shipping_choices"
_Outcome = Arrangement.Outcome
_Preference = HandoverRule.Preference
_KINDS = {
    _Preference.DROPOFF: ("dropoff", "pickup", OWN_NUMBER),
    _Preference.PICKUP: ("pickup", "dropoff", OWN_NUMBER),
}
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Offer:
    """A way of handing over as a person can choose it; ``key`` names it as long as the platform offers it."""

    key: str
    choice: ShippingChoice
    is_default: bool = False

    @property
    def needs_number(self) -> bool:
        """Say whether the seller brings the tracking number."""
        return needs_number(choice=self.choice)

    @property
    def title(self) -> str:
        """Return what a person reads of it."""
        return title_of(choice=self.choice)


def preference_of(*, shop_id: int) -> str:
    """Return which kind of handing over a shop prefers."""
    found = HandoverRule.objects.filter(shop=shop_id).values_list("preference", flat=True).first()
    return found or _Preference.DROPOFF.value


def prefer(*, shop: Shop, preference: str) -> None:
    """Set which kind of handing over a shop prefers when nobody chooses."""
    HandoverRule.objects.update_or_create(shop=shop, defaults={"preference": _Preference(preference)})


def offers(*, shipment_id: int, parts: Sequence[Part] | None = None, at: datetime) -> list[Offer]:
    """Ask the platform how a planned shipment, or parts of it, can be handed over; no transaction is open.

    The one the shop prefers is marked. Raises ``ShipmentRefused`` when it cannot be arranged or the platform
    does not answer, and ``orders``' ``NotAllowed`` when the order may not be shipped.
    """
    order = check(shipment_id=shipment_id, parts=parts)
    try:
        found = tokens.call(
            account=order.account,
            operation=CHOICES,
            verb=lambda adapter: adapter.shipping_choices(order_id=order.external_id, package=""),
            at=at,
            patience=tokens.SHORT,
        )
    except ChannelError as error:
        raise refusal_of(error=error, order=order) from error
    if not found:
        raise ShipmentRefused(
            "no_choices",
            _("%(platform)s offers no way to hand this parcel over. Look at the order there.")
            % {"platform": platform(order.account.platform).name},
        )
    best = preferred(choices=found, preference=preference_of(shop_id=order.shop_id))
    return [Offer(key=key_of(choice=each), choice=each, is_default=each is best) for each in found]


def check(*, shipment_id: int, parts: Sequence[Part] | None = None) -> Order:
    """Return the order of a shipment that could be arranged now, without asking the platform.

    Raises ``ShipmentRefused`` and ``NotAllowed`` with the reason why not.
    """
    shipment, order = _subject(shipment_id)
    _check(shipment=shipment, order=order)
    if _live(shipment) is not None:
        raise _arranged_already(shipment)
    refuse_part(shipment=shipment, order=order, parts=parts)
    return order


def preferred(*, choices: Sequence[ShippingChoice], preference: str) -> ShippingChoice:
    """Return the choice a shop's rule takes: by kind, of one kind the earliest."""
    kinds = _KINDS[_Preference(preference)]

    def rank(choice: ShippingChoice) -> tuple[int, datetime]:
        place = kinds.index(choice.kind) if choice.kind in kinds else len(kinds)
        return place, choice.from_at or _LAST

    return min(choices, key=rank)


def key_of(*, choice: ShippingChoice) -> str:
    """Return a short name of a choice that stays while its kind and parameters do."""
    said = json.dumps([choice.kind, sorted(choice.parameters.items())], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def refusal_of(*, error: ChannelError, order: Order) -> ShipmentRefused:
    """Say what a platform's error means to a person."""
    words = {"platform": platform(order.account.platform).name, "reason": str(error)[:200]}
    if isinstance(error, CredentialsRejected):
        return ShipmentRefused(
            "reconnect", _("%(platform)s refuses the account. Reconnect it under Channels.") % words
        )
    if isinstance(error, RetryLater):
        return ShipmentRefused(
            "platform_away",
            _("%(platform)s does not answer now (%(reason)s). Try again in a minute.") % words,
        )
    return ShipmentRefused("platform_refused", _("%(platform)s says no: %(reason)s") % words)


def arrange(
    *,
    shipment_id: int,
    choice_key: str = "",
    tracking_number: str = "",
    parts: Sequence[Part] | None = None,
    at: datetime,
    actor: str = "system",
) -> Arrangement:
    """Decide how a planned shipment is handed over and leave the work of arranging it.

    The platform is asked for its choices anew, so that nothing is arranged that it no longer offers; without
    ``choice_key`` the shop's rule chooses. ``tracking_number`` is for a choice that brings its own. With
    ``parts`` only these are arranged, and the rest is planned as a shipment of its own. No
    transaction is open. Raises what ``offers`` raises, and ``ShipmentRefused`` for a choice that is gone, or
    for parts where the platform arranges an order only as a whole.
    """
    found = offers(shipment_id=shipment_id, parts=parts, at=at)
    choice = pick(
        choices=[each.choice for each in found],
        choice_key=choice_key or next(each.key for each in found if each.is_default),
        tracking_number=tracking_number,
    )
    return _leave_work(
        shipment_id=shipment_id,
        wanted=plain(choice=choice),
        number=tracking_number,
        parts=parts,
        at=at,
        actor=actor,
    )


def intend(
    *,
    shipment_id: int,
    choice_key: str = "",
    preference: str = "",
    tracking_number: str = "",
    parts: Sequence[Part] | None = None,
    at: datetime,
    actor: str = "system",
) -> Arrangement:
    """Leave the work of arranging without asking the platform now; may stand inside a transaction.

    The choice is looked up when the work is done, by its key, by ``preference`` or by the shop's rule; one
    that is gone then is a refusal. Raises what ``arrange`` raises but the platform's part.
    """
    wanted = {"key": choice_key, **({"preference": _Preference(preference).value} if preference else {})}
    return _leave_work(
        shipment_id=shipment_id, wanted=wanted, number=tracking_number, parts=parts, at=at, actor=actor
    )


def pick(
    *,
    choices: Sequence[ShippingChoice],
    choice_key: str = "",
    preference: str = _Preference.DROPOFF.value,
    tracking_number: str = "",
) -> ShippingChoice:
    """Return the choice with this key, or the one a shop's rule takes. Raises ``ShipmentRefused``."""
    if not choices:
        raise ShipmentRefused("no_choices", _("The marketplace offers no way to hand this parcel over."))
    if choice_key:
        found = next((each for each in choices if key_of(choice=each) == choice_key), None)
    else:
        found = preferred(choices=choices, preference=preference)
    if found is None:
        raise ShipmentRefused(
            "no_such_choice", _("The marketplace no longer offers this way. Choose another one.")
        )
    if needs_number(choice=found) and not tracking_number.strip():
        raise ShipmentRefused("tracking_missing", _("Enter the tracking number."))
    return found


def _leave_work(
    *,
    shipment_id: int,
    wanted: dict[str, Any],
    number: str,
    parts: Sequence[Part] | None,
    at: datetime,
    actor: str,
) -> Arrangement:
    with transaction.atomic():
        shipment, order = locked(shipment_id=shipment_id)
        _check(shipment=shipment, order=order)
        if _live(shipment) is not None:
            raise _arranged_already(shipment)
        refuse_part(shipment=shipment, order=order, parts=parts)
        if parts is not None:
            split_off(shipment=shipment, parts=parts, at=at, actor=actor)
        Arrangement.objects.filter(shipment=shipment, outcome__in=AGAIN).update(
            outcome=_Outcome.INTENDED, reason="", **DUE_ANEW
        )
        row, _new = Arrangement.objects.update_or_create(
            shipment=shipment,
            defaults={
                "order": order,
                "choice": wanted,
                "own_number": number.strip()[:120],
                "lines": told_lines(shipment=shipment),
                "package": "",
                "asked_at": at,
                "asks": 0,
                "order_version": order.version,
            },
        )
        kind = {"choice": wanted["kind"]} if "kind" in wanted else {}
        _note(shipment=shipment, kind="arrange_asked", at=at, actor=actor, **kind)
    return row


def again(*, arrangement_id: int, at: datetime, actor: str) -> Arrangement:
    """Take an arrangement's next step now: a retry after a refusal or a long wait, or its label once more.

    What may have reached the platform is still read back first. Raises ``Arrangement.DoesNotExist`` and, for
    one whose shipment is not planned any more, ``ShipmentRefused``.
    """
    shipment_id = Arrangement.objects.values_list("shipment", flat=True).get(pk=arrangement_id)
    with transaction.atomic():
        shipment, order = locked(shipment_id=shipment_id)
        row = Arrangement.objects.select_for_update().get(pk=arrangement_id)
        if row.state == WorkState.DONE and row.outcome == _Outcome.CONFIRMED:
            Arrangement.objects.filter(pk=row.pk).update(document=None, document_at=None, has_document=True)
        if row.outcome in (*AGAIN, _Outcome.INTENDED):
            _check(shipment=shipment, order=order)
            row.outcome = _Outcome.INTENDED
            row.save(update_fields=["outcome"])
        Arrangement.objects.filter(pk=row.pk).update(reason="", asks=0, **DUE_ANEW)
        _note(shipment=shipment, kind="arrange_again", at=at, actor=actor)
    row.refresh_from_db()
    return row


def plain(*, choice: ShippingChoice) -> dict[str, Any]:
    """Return a choice as it is kept with its arrangement."""
    return {
        "kind": choice.kind[:20],
        "label": choice.label[:300],
        "parameters": dict(choice.parameters),
        "from_at": choice.from_at.isoformat() if choice.from_at else None,
        "to_at": choice.to_at.isoformat() if choice.to_at else None,
    }


def _subject(shipment_id: int) -> tuple[Shipment, Order]:
    """Return a shipment and its one order. Raises ``NoSuchShipment``, ``ShipmentRefused``."""
    shipment = Shipment.objects.filter(pk=shipment_id).first()
    found = list(
        Order.objects.filter(pk__in=orders_in(shipment_id=shipment_id)).select_related("account", "shop")
    )
    return _only(shipment, found)


def locked(*, shipment_id: int) -> tuple[Shipment, Order]:
    """Lock a shipment's order, then the shipment: the order that every writer keeps."""
    found = list(
        Order.objects.filter(pk__in=orders_in(shipment_id=shipment_id))
        .order_by("pk")
        .select_for_update(of=("self",))
        .select_related("account", "shop")
    )
    return _only(Shipment.objects.select_for_update(of=("self",)).filter(pk=shipment_id).first(), found)


def _only(shipment: Shipment | None, orders: Sequence[Order]) -> tuple[Shipment, Order]:
    if shipment is None or not orders:
        raise NoSuchShipment("no_such_shipment", _("There is no such shipment. Reload the page."))
    if len(orders) > 1:
        raise ShipmentRefused(
            "several_orders",
            _("The marketplace arranges each order by itself. Plan these orders as separate shipments."),
        )
    return shipment, orders[0]


def _check(*, shipment: Shipment, order: Order) -> None:
    if shipment.state != Shipment.State.PLANNED:
        raise ShipmentRefused(
            "not_planned",
            _("Shipment %(number)s is not waiting to leave. Reload the page.") % {"number": shipment.number},
        )
    if not offers_it(platform_key=order.account.platform):
        raise ShipmentRefused(
            "not_offered", _("This marketplace arranges nothing: enter carrier and tracking number instead.")
        )
    if not order.account.confirms_shipments:
        raise ShipmentRefused(
            "switched_off",
            _("The account does not mark orders as shipped. Switch that on under Channels first."),
        )
    shipment_gate(order=order)


def _live(shipment: Shipment) -> Arrangement | None:
    return Arrangement.objects.live().filter(shipment=shipment).first()


def _arranged_already(shipment: Shipment) -> ShipmentRefused:
    return ShipmentRefused(
        "arranged_already",
        _("Shipment %(number)s is being arranged already. Reload the page.") % {"number": shipment.number},
    )


def _note(*, shipment: Shipment, kind: str, at: datetime, actor: str, **data: Any) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(state=F("state"))  # followers see that it changed
    events.record(object_kind="shipment", object_id=shipment.pk, kind=kind, at=at, actor=actor, **data)
