"""Recognizing our parcel in what a platform shows of an order."""

from channels.messages import IncomingOrder, OrderState


def _plain(number: str) -> str:
    return "".join(number.split()).upper()


def holds_parcel(*, order: IncomingOrder, reference: str, tracking_number: str) -> bool | None:
    """Say whether the platform holds our parcel; ``None`` when what it shows does not tell.

    A parcel is ours by its tracking number, or by our reference where the platform shows no number. An
    order that is shipped and shows no parcels at all was told by somebody.
    """
    wanted = _plain(tracking_number)
    for parcel in order.parcels:
        shown = _plain(parcel.tracking_number)
        if (shown and shown == wanted) or (not shown and parcel.reference == reference):
            return True
    if order.parcels or order.state in (OrderState.OPEN, OrderState.UNPAID, OrderState.CANCELED):
        return False
    if order.state in (OrderState.SHIPPED, OrderState.COMPLETED):
        return True
    return None
