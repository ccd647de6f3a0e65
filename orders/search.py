"""By what an order is found: texts that higher houses note, such as tracking numbers."""

from collections.abc import Collection, Iterable

from orders.models import SearchKey

TRACKING = "tracking"


def note_text(*, order_id: int, kind: str, text: str) -> None:
    """Let an order be found by a text of its own; noting it twice changes nothing."""
    note_texts(kind=kind, texts=[(order_id, text)])


def note_texts(*, kind: str, texts: Iterable[tuple[int, str]]) -> None:
    """Let orders be found by (order id, text), in one statement."""
    rows = [SearchKey(order_id=order_id, kind=kind, text=text[:120]) for order_id, text in texts if text]
    SearchKey.objects.bulk_create(rows, ignore_conflicts=True)


def note_tracking(*, order_id: int, tracking_number: str) -> None:
    """Let an order be found by a tracking number; a parcel with it is known to be ours."""
    note_text(order_id=order_id, kind=TRACKING, text=tracking_number)


def known_tracking(*, order_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return (order id, tracking number) of the parcels this house knows to be ours."""
    if not order_ids:
        return set()
    rows = SearchKey.objects.filter(order_id__in=order_ids, kind=TRACKING)
    return set(rows.values_list("order_id", "text"))
