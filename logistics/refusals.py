"""What the house answers when something cannot be shipped, with what to do next."""

from django.utils.functional import Promise


class ShipmentRefused(Exception):
    """The shipment stays as it is. ``code`` is stable, the text is for people."""

    def __init__(self, code: str, text: str | Promise) -> None:
        super().__init__(str(text))
        self.code = code
        self.text = str(text)


class NoSuchShipment(ShipmentRefused):
    """There is no such shipment."""
