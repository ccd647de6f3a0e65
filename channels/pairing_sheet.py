"""Taking in a sheet of pairings: each row is one component; several rows of a listing are a bundle.

An account is named by its name or its seller id. Where it is neither, or empty, the one account that has the
listing is meant. A listing that was never seen is created when its account is sure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from channels.listings import ResolvedListing, WantedListing, pair_many, resolve
from channels.models import ChannelAccount, Listing, ListingComponent, Shop
from ecomhub.models import Event
from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow, write_csv
from inventory import queries

Key = tuple[int, str, str]
"""Account id, marketplace, listing."""


HEADER = ("platform", "account", "marketplace", "listing", "sku", "quantity", "title")


def written(*, listings: Iterable[Listing]) -> bytes:
    """Return listings as a sheet that ``check`` and ``apply`` take back: a row for each component.

    A listing that sells nothing yet has one row; its SKU is filled in where one has the listing's own code.
    The listings are read with shop, account and components.
    """
    rows = list(listings)
    same = queries.sku_ids_by_code(codes=[row.external_id for row in rows if not row.is_mapped])
    lines = []
    for row in rows:
        account = row.shop.account
        place = (account.platform, account.name, row.shop.marketplace, row.external_id)
        parts = [(part.sku.code, part.quantity) for part in row.components.all()]
        for code, units in parts or [(row.external_id if row.external_id in same else "", 1)]:
            lines.append((*place, code, units, row.title))
    return write_csv(header=HEADER, rows=lines)


@dataclass(frozen=True, slots=True)
class _Line:
    row: SheetRow
    platform: str
    account: str
    marketplace: str
    listing: str
    sku: str
    units: int


def _line(row: SheetRow) -> _Line:
    """Read a row. Raises ``CellRefused``."""
    return _Line(
        row=row,
        platform=row.text("platform", longest=20).lower(),
        account=row.text("account", longest=80),
        marketplace=row.text("marketplace", longest=30, required=True),
        listing=row.text("listing", longest=120, required=True),
        sku=row.text("sku", longest=64, required=True),
        units=row.integer("quantity", least=1, most=100_000) or 1,
    )


class _Accounts:
    """Which account a row means."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._accounts = list(ChannelAccount.objects.order_by("pk"))
        shops = Shop.objects.values_list("account_id", "marketplace", "country")
        self._places = {(account, place): place for account, place, _country in shops}
        self._places |= {(account, country): place for account, place, country in shops}
        known = Listing.objects.filter(external_id__in={line.listing for line in lines})
        self._owners: dict[tuple[str, str], set[int]] = {}
        for account, place, listing in known.values_list(
            "shop__account_id", "shop__marketplace", "external_id"
        ):
            self._owners.setdefault((place, listing), set()).add(account)

    def key(self, line: _Line) -> Key:
        """Return the listing a row means. Raises ``CellRefused``."""
        offered = [row for row in self._accounts if line.platform in ("", row.platform)]
        if line.account:
            found = [row.pk for row in offered if line.account in (row.name, row.seller_id)]
        else:
            found = self._having(line, [row.pk for row in offered])
        if not found:
            raise CellRefused(
                _("There is no account %s; connect it, or write its name or its seller ID")
                % (line.account or line.platform)
            )
        if len(found) > 1:
            raise CellRefused(_("Several accounts have this listing; write the account's name"))
        place = self._places.get((found[0], line.marketplace))
        if place is None:
            raise CellRefused(_("The account does not sell on %s") % line.marketplace)
        return found[0], place, line.listing

    def _having(self, line: _Line, accounts: Sequence[int]) -> list[int]:
        owning = [
            account
            for account in accounts
            if account
            in self._owners.get((self._places.get((account, line.marketplace), ""), line.listing), set())
        ]
        if owning:
            return owning
        serving = [account for account in accounts if (account, line.marketplace) in self._places]
        return serving if len(serving) == 1 else []


@dataclass(slots=True)
class _Read:
    lines: dict[Key, list[_Line]]
    refused: dict[int, Finding]
    skus: dict[str, int]


def _read(rows: Sequence[SheetRow]) -> _Read:
    read: list[_Line] = []
    refused: dict[int, Finding] = {}
    for row in rows:
        try:
            read.append(_line(row))
        except CellRefused as refusal:
            refused[row.number] = _refused(row, row.values.get("listing", "")[:120], str(refusal))
    accounts = _Accounts(read)
    skus = queries.sku_ids_by_code(codes={line.sku for line in read})
    lines: dict[Key, list[_Line]] = {}
    for line in read:
        try:
            if line.sku not in skus:
                raise CellRefused(_("There is no SKU %s; import products first") % line.sku)
            key = accounts.key(line)
            if any(other.sku == line.sku for other in lines.get(key, ())):
                raise CellRefused(_("This SKU stands in the bundle already; add the quantities up"))
        except CellRefused as refusal:
            refused[line.row.number] = _refused(line.row, line.listing, str(refusal))
            continue
        lines.setdefault(key, []).append(line)
    return _Read(lines=lines, refused=refused, skus=skus)


def _refused(row: SheetRow, subject: str, reason: str) -> Finding:
    return Finding(row.number, Outcome.REFUSED, subject, reason)


def _held(read: _Read) -> dict[Key, dict[int, int]]:
    """Return what the listings of the rows sell now."""
    places = {(place, listing): account for account, place, listing in read.lines}
    rows = ListingComponent.objects.filter(
        listing__external_id__in={listing for _account, _place, listing in read.lines}
    ).values_list(
        "listing__shop__account_id",
        "listing__shop__marketplace",
        "listing__external_id",
        "sku_id",
        "quantity",
    )
    held: dict[Key, dict[int, int]] = {}
    for account, place, listing, sku_id, quantity in rows:
        if (place, listing) in places:
            held.setdefault((account, place, listing), {})[sku_id] = quantity
    return held


def _outcome(before: dict[int, int], line: _Line, sku_id: int) -> Outcome:
    if before.get(sku_id) == line.units:
        return Outcome.UNCHANGED
    return Outcome.UPDATED if before else Outcome.CREATED


def _findings(rows: Sequence[SheetRow], read: _Read, held: dict[Key, dict[int, int]]) -> list[Finding]:
    found = dict(read.refused)
    for key, lines in read.lines.items():
        for line in lines:
            outcome = _outcome(held.get(key, {}), line, read.skus[line.sku])
            found[line.row.number] = Finding(
                line.row.number, outcome, f"{line.listing} = {line.units} × {line.sku}"
            )
    return [found[row.number] for row in rows]


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Say what each row would pair; writes nothing."""
    read = _read(rows)
    return _findings(rows, read, _held(read))


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Pair the rows' listings. A bundle whose rows fell into two chunks of one file becomes whole again."""
    read = _read(rows)
    held = _held(read)
    found = _resolve(read, at=job.at)
    begun = _begun_by(job=job, listing_ids=[listing.id for listing in found.values()])
    pairings: dict[int, list[tuple[int, int]]] = {}
    for key, lines in read.lines.items():
        if key not in found:
            continue
        listing = found[key]
        components = dict(listing.components) if listing.id in begun else {}
        components |= {read.skus[line.sku]: line.units for line in lines}
        pairings[listing.id] = sorted(components.items())
    pair_many(pairings=pairings, at=job.at, actor=job.actor, source=job.digest[:24])
    return _findings(rows, read, held)


def _resolve(read: _Read, *, at: datetime) -> dict[Key, ResolvedListing]:
    found: dict[Key, ResolvedListing] = {}
    for account_id in sorted({key[0] for key in read.lines}):
        wanted = [
            WantedListing(place, listing) for owner, place, listing in read.lines if owner == account_id
        ]
        resolved = resolve(account_id=account_id, wanted=wanted, at=at)
        found |= {(account_id, place, listing): one for (place, listing), one in resolved.items()}
    return found


def _begun_by(*, job: Job, listing_ids: Sequence[int]) -> set[int]:
    """Return the listings whose last pairing came from this very file."""
    rows = Event.objects.filter(
        object_kind="listing", object_id__in=listing_ids, kind__in=["paired", "unpaired"]
    )
    last = rows.order_by("object_id", "-sequence").distinct("object_id")
    return {row.object_id for row in last if row.data.get("source") == job.digest[:24]}
