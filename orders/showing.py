"""What the REST API shows of orders, as plain values: a page of 200 orders is made in one go.

``api_shapes`` describes the same for the OpenAPI document; the tests hold both together.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ecomhub.access import Actor
from ecomhub.money import decimal_text
from orders import buyers, lifecycle
from orders.models import Order, OrderLine

Field = Callable[[Any], Any]


def money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    """Return an amount as the API shows it; ``None`` is not known, which is not zero."""
    return None if amount is None else {"amount": decimal_text(amount, currency), "currency": currency}


def line(row: OrderLine) -> dict[str, Any]:
    """Return one line of ``bring_lines``."""
    currency = row.currency
    return {
        "id": row.pk,
        "external_id": row.external_id,
        "listing": row.listing_code,  # type: ignore[attr-defined]
        "title": row.title,
        "components": row.parts or [],  # type: ignore[attr-defined]
        "ordered": row.quantity,
        "allocated": row.quantity_allocated,
        "shipped": row.quantity_shipped,
        "shipped_elsewhere": row.quantity_shipped_elsewhere,
        "canceled": row.quantity_canceled,
        "returned": row.quantity_returned,
        "charge": money(row.charge, currency),
        "discount": money(row.discount, currency),
        "shipping": money(row.shipping, currency),
        "shipping_discount": money(row.shipping_discount, currency),
        "gift_wrap": money(row.gift_wrap, currency),
        "tax": money(row.tax, currency),
        "marketplace_collects_tax": row.marketplace_collects_tax,
        "refunded": money(row.refunded, currency),
    }


def _shop(order: Order) -> dict[str, Any]:
    shop = order.shop
    return {
        "id": shop.pk,
        "short_name": shop.short_name,
        "name": shop.name,
        "marketplace": shop.marketplace,
        "country": shop.country,
    }


def _column(name: str) -> Field:
    return lambda order: getattr(order, name)


# A hand-written statement: it is read for every order of every page.
_LINES = """
SELECT l.*, g.external_id AS listing_code,
       (SELECT json_agg(json_build_object('sku', s.code, 'units', c.quantity) ORDER BY c.id)
          FROM channels_listingcomponent c JOIN inventory_sku s ON s.id = c.sku_id
         WHERE c.listing_id = l.listing_id) AS parts
  FROM orders_orderline l JOIN channels_listing g ON g.id = l.listing_id
 WHERE l.order_id = ANY(%s) ORDER BY l.id
"""

FIELDS: Mapping[str, Field] = {
    "id": _column("pk"),
    "external_id": _column("external_id"),
    "platform": lambda order: order.account.platform,
    "account": lambda order: order.account.name,
    "shop": _shop,
    **{name: _column(name) for name in ("status", "platform_status", "fulfillment_method", "hold_reason")},
    "exceptions": _column("issue_count"),
    **{
        name: _column(name)
        for name in ("cancel_requested", "is_before_go_live", "is_gift", "return_status", "country")
    },
    "total": lambda order: money(order.total, order.currency),
    **{
        name: _column(name)
        for name in (
            "units",
            "shipping_service",
            "placed_at",
            "paid_at",
            "ship_by_at",
            "shipped_at",
            "canceled_at",
            "updated_at",
            "version",
        )
    },
    "lines": lambda order: [line(row) for row in order.shown_lines],
}
"""The fields of an order in a list, in their order."""


def row(order: Order, *, only: Collection[str] | None = None) -> dict[str, Any]:
    """Return an order of a list, in the wanted fields."""
    return {name: show(order) for name, show in FIELDS.items() if only is None or name in only}


def bring_lines(orders: Sequence[Order], *, only: Collection[str] | None = None) -> Sequence[Order]:
    """Put the lines that ``row`` shows on orders: one statement, or none without ``lines``."""
    if not orders or (only is not None and "lines" not in only):
        return orders
    by_order: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for each in OrderLine.objects.raw(_LINES, [list(by_order)]):
        by_order[each.order_id].append(each)
    for order in orders:
        order.shown_lines = by_order[order.pk]  # type: ignore[attr-defined]
    return orders


def detail(order: Order, *, actor: Actor) -> dict[str, Any]:
    """Return one order of ``bring_lines`` with what a list leaves out; upper apps add their sections.

    ``has_returns`` on the order says that there is nothing to look for when it is false.
    """
    return {
        **row(order),
        "platform_state": order.platform_state,
        "note": order.note,
        "issues": []
        if not order.issue_count
        else [
            {
                "id": issue.pk,
                "kind": issue.kind,
                "line": issue.line_id,
                "detail": issue.detail,
                "opened_at": issue.opened_at,
            }
            for issue in order.issues.filter(solved_at=None).order_by("pk")
        ],
        "returns": [
            {
                "id": back.pk,
                "external_id": back.external_id,
                "line": back.line_id,
                "quantity": back.quantity,
                "status": back.status,
                "reason": back.reason,
                "refunded": money(back.refunded, order.currency),
                "reported_at": back.reported_at,
            }
            for back in (order.returns.order_by("pk") if getattr(order, "has_returns", True) else [])
        ],
        "buyer": _buyer(order, actor=actor),
        "allowed_actions": [
            {"action": each.action, "title": str(each.label)}
            for each in lifecycle.allowed_actions(order=order, actor=actor, lines=order.shown_lines)  # type: ignore[attr-defined]
        ],
    }


def about(order_id: int) -> str:
    """Return how an answer that shows an order says whom it is about."""
    return f"order:{order_id}"


def without_buyer(shown: dict[str, Any]) -> dict[str, Any]:
    """Return an order that was shown as it is shown when its buyer is erased."""
    return {**shown, "buyer": None}


def _buyer(order: Order, *, actor: Actor) -> dict[str, Any] | None:
    """Return the buyer as far as the caller may see them."""
    buyer = buyers.open_buyer(order=order)
    if buyer is None:
        return None
    if actor.may("orders.view_buyer"):
        return {"masked": False, **buyers.plain(buyer=buyer)}
    return {"masked": True, **buyers.masked(buyer=buyer)}
