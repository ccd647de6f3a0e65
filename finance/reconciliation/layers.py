"""Layers of stock in one place: what units are worth, taken first in first out or at the moving average."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ecomhub.money import rounded
from finance.models import Book, StockLayer, StockUse
from inventory.models import StockMovement

_ZERO = Decimal(0)
_UNIT = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Taken:
    """Units out of one layer (or to become one) with their value in purchase and base currency."""

    layer: StockLayer
    quantity: Decimal
    currency: str
    amount: Decimal
    base: Decimal
    rate_id: int | None

    @property
    def value(self) -> tuple[str, Decimal, Decimal, int | None]:
        """Return (currency, amount, base amount, rate)."""
        return self.currency, self.amount, self.base, self.rate_id


@dataclass(slots=True)
class Held:
    """The open layers of one SKU in one warehouse, the oldest first, and the last one that was ever there.

    The caller holds the chain's row. ``save`` writes what changed.
    """

    book: Book
    sku_id: int
    warehouse_id: int
    layers: list[StockLayer]
    last: StockLayer | None
    changed: dict[int, StockLayer] = field(default_factory=dict)

    @classmethod
    def of(cls, *, book: Book, sku_id: int, warehouse_id: int) -> "Held":
        """Read the layers of a place."""
        rows = StockLayer.objects.filter(sku=sku_id, warehouse=warehouse_id)
        return cls(
            book=book,
            sku_id=sku_id,
            warehouse_id=warehouse_id,
            layers=list(rows.filter(left__gt=0).order_by("pk")),
            last=rows.order_by("-pk").first(),
        )

    def add(
        self,
        *,
        movement: StockMovement,
        quantity: Decimal,
        currency: str,
        amount: Decimal,
        base: Decimal,
        rate_id: int | None,
    ) -> StockLayer:
        """Open a layer. Under the moving average it takes in what is left in its currency."""
        layer = StockLayer(
            book=self.book,
            movement=movement,
            sku_id=self.sku_id,
            warehouse_id=self.warehouse_id,
            currency=currency,
            rate_id=rate_id,
            quantity=quantity,
            amount=amount,
            base_amount=base,
            left=quantity,
            left_amount=amount,
            left_base=base,
        )
        # Written at once: uses name their layer, and a chain's layers are in the order of their keys.
        layer.save()
        if self.book.cost_method == Book.CostMethod.AVERAGE:
            self._merge(layer)
        self.layers.append(layer)
        self.last = layer
        return layer

    def _merge(self, layer: StockLayer) -> None:
        for other in [each for each in self.layers if each.currency == layer.currency]:
            layer.left += other.left
            layer.left_amount += other.left_amount
            layer.left_base += other.left_base
            other.left = other.left_amount = other.left_base = _ZERO
            self.changed[other.pk] = other
            self.layers.remove(other)
        self.changed[layer.pk] = layer

    def take(self, units: Decimal) -> list[Taken]:
        """Take units out; the last unit of a layer takes what is left of its value.

        What is not there (stock that was never received here) costs what the last layer's units cost.
        """
        taken = []
        shares = self._shares(units)
        for layer, quantity in shares:
            taken.append(_taken(layer, quantity, self.book.currency))
            self.changed[layer.pk] = layer
        self.layers = [layer for layer in self.layers if layer.left]
        return taken

    def _shares(self, units: Decimal) -> list[tuple[StockLayer, Decimal]]:
        if self.book.cost_method == Book.CostMethod.FIFO:
            return _first_in(self.layers, units)
        there = sum((layer.left for layer in self.layers), _ZERO)
        if units >= there:
            return [(layer, layer.left) for layer in self.layers]
        shares = [(layer, (layer.left * units / there).quantize(_UNIT)) for layer in self.layers]
        rest = units - sum((share for _layer, share in shares), _ZERO)
        shares[-1] = (shares[-1][0], shares[-1][1] + rest)
        return [(layer, share) for layer, share in shares if share]

    def worth(self, units: Decimal) -> list[Taken]:
        """Return what units cost here now, at the average of what lies here, or of the last layer."""
        source = self.layers or ([] if self.last is None else [self.last])
        if not source:
            empty = StockLayer(currency=self.book.currency)
            return [Taken(empty, units, self.book.currency, _ZERO, _ZERO, None)]
        layer = source[-1]
        whole, amount, base = (
            (layer.left, layer.left_amount, layer.left_base)
            if layer.left
            else (layer.quantity, layer.amount, layer.base_amount)
        )
        return [
            Taken(
                layer, units, layer.currency, rounded(amount * units / whole, layer.currency),
                rounded(base * units / whole, self.book.currency), layer.rate_id,
            )
        ]  # fmt: skip

    def save(self) -> None:
        """Write the layers that changed."""
        StockLayer.objects.bulk_update(list(self.changed.values()), ["left", "left_amount", "left_base"])


def _first_in(held: Sequence[StockLayer], units: Decimal) -> list[tuple[StockLayer, Decimal]]:
    found = []
    for layer in held:
        quantity = min(units, layer.left)
        if quantity:
            found.append((layer, quantity))
            units -= quantity
    return found


def _taken(layer: StockLayer, quantity: Decimal, base_currency: str) -> Taken:
    if quantity == layer.left:
        amount, base = layer.left_amount, layer.left_base
    else:
        amount = rounded(layer.left_amount * quantity / layer.left, layer.currency)
        base = rounded(layer.left_base * quantity / layer.left, base_currency)
    if layer.currency == base_currency:
        base = amount
    layer.left -= quantity
    layer.left_amount -= amount
    layer.left_base -= base
    return Taken(layer, quantity, layer.currency, amount, base, layer.rate_id)


def share(uses: Iterable[StockUse], units: Decimal, *, base: str) -> list[Taken]:
    """Return what ``units`` of these uses cost, one value per currency; parts of a unit go to the first."""
    sums: dict[str, tuple[Decimal, Decimal, Decimal, StockLayer]] = {}
    for use in uses:
        quantity, amount, base_amount, layer = sums.get(use.currency, (_ZERO, _ZERO, _ZERO, use.layer))
        sums[use.currency] = (
            quantity + use.quantity, amount + use.amount, base_amount + use.base_amount, layer,
        )  # fmt: skip
    whole = sum((each[0] for each in sums.values()), _ZERO)
    found = []
    rest = units
    for place, (currency, (quantity, amount, base_amount, layer)) in enumerate(sorted(sums.items())):
        part = rest if place == len(sums) - 1 else (units * quantity / whole).quantize(_UNIT)
        rest -= part
        if not part or not quantity:
            continue
        value = rounded(amount * part / quantity, currency)
        worth = value if currency == base else rounded(base_amount * part / quantity, base)
        found.append(Taken(layer, part, currency, value, worth, layer.rate_id))
    return found
