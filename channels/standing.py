"""How a listing stands: which quantity it should show, which it shows, and why they differ, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from channels import offers, pricing
from channels.models import ChannelAccount, Listing, Publication
from channels.offers import Rule
from channels.pricing import PriceView
from ecomhub import sentences
from ecomhub.shell.display import number_text, span_text


@dataclass(frozen=True, slots=True)
class Standing:
    """One listing as it stands. ``possible`` is what the stock would allow without the limits of ``rule``.

    ``why`` names the cause of a difference by a stable key, empty when there is none; ``detail`` says it in a
    sentence. ``said_at`` is the time of the channel's last word on the quantity.
    """

    listing: Listing
    wanted: int | None
    shown: int | None
    possible: int | None
    rule: Rule | None
    said_at: datetime | None
    why: str
    detail: str
    price: PriceView

    @property
    def limits(self) -> list[str]:
        """Say which settings keep the wanted quantity below what the stock allows."""
        if self.rule is None or self.possible is None or self.wanted == self.possible:
            return []
        return limit_words(rule=self.rule)


def limit_words(*, rule: Rule) -> list[str]:
    """Return the limits a quantity is computed with, in words; those that limit nothing are left out."""
    found = []
    if rule.is_paused:
        found.append(_("paused: 0 is offered"))
    if rule.buffer:
        found.append(_("%(count)s kept back") % {"count": number_text(rule.buffer)})
    if rule.percentage < 100:
        found.append(_("%(percentage)d %% offered") % {"percentage": rule.percentage})
    if rule.cap is not None:
        found.append(_("at most %(count)s") % {"count": number_text(rule.cap)})
    return found


def standings(*, listings: Sequence[Listing]) -> list[Standing]:
    """Return how listings stand; they are read by ``queries.for_list``.

    ``why`` is empty when shown and wanted agree, else one of: by_channel, parent, unpaired, import_only,
    stopped, brake, paused, on_its_way, accepted, refused, put_off, waiting.
    """
    prefetch_related_objects(listings, "components")
    publications = {row.pk: held for row in listings if (held := publication_of(row)) is not None}
    for row in listings:
        if row.pk in publications:
            publications[row.pk].listing = row
    mapped = [row for row in publications.values() if row.listing.is_mapped]
    plan = offers.explained(publications=mapped)
    now: datetime | None = getattr(listings[0], "read_at", None) if listings else None
    found = []
    for listing in listings:
        publication = publications.get(listing.pk)
        explained = plan.get(publication.pk) if publication is not None else None
        shown, said_at = _shown(listing, publication)
        wanted = explained.wanted if explained else None
        wait = None if now is None or publication is None else (publication.due_at - now).total_seconds()
        why = _why(listing=listing, publication=publication, wanted=wanted, shown=shown, wait=wait or 0.0)
        found.append(
            Standing(
                listing=listing,
                wanted=wanted,
                shown=shown,
                possible=explained.possible if explained else None,
                rule=explained.rule if explained else None,
                said_at=said_at,
                why=why,
                detail=_detail(listing, publication, why, wait or 0.0),
                price=pricing.view_of(listing=listing),
            )
        )
    return found


def publication_of(listing: Listing) -> Publication | None:
    """Return a listing's stock work, if it was ever paired."""
    return getattr(listing, "publication", None)


def _shown(listing: Listing, publication: Publication | None) -> tuple[int | None, datetime | None]:
    if publication is None:
        return listing.remote_quantity, listing.remote_at
    times = [at for at in (listing.remote_at, publication.confirmed_at, publication.sent_at) if at]
    return offers.shown_quantity(publication=publication), max(times, default=None)


def _why(
    *, listing: Listing, publication: Publication | None, wanted: int | None, shown: int | None, wait: float
) -> str:
    if listing.is_parent:
        return "parent"
    if listing.fulfillment_method == "by_channel":
        return "by_channel"
    if not listing.is_mapped or publication is None:
        return "unpaired"
    if publication.errors and publication.last_error:
        return "refused"
    if wanted == shown:
        unconfirmed = publication.sent_at is not None and (
            publication.confirmed_at is None or publication.confirmed_at < publication.sent_at
        )
        return "accepted" if unconfirmed else ""
    return _hindrance(listing) or _progress(publication, wait)


def _hindrance(listing: Listing) -> str:
    account = listing.shop.account
    if account.switched_on_at is None or not account.pushes_stock:
        return "import_only"
    if account.state != ChannelAccount.State.CONNECTED:
        return "stopped"
    return "brake" if account.brake_engaged_at is not None else ""


def _progress(publication: Publication, wait: float) -> str:
    if publication.batch_id is not None:
        return "on_its_way"
    if wait >= 1 and publication.last_error:
        return "put_off"
    return "paused" if publication.listing.is_paused or publication.listing.shop.is_paused else "waiting"


def why_words() -> dict[str, tuple[str, str]]:
    """Return the word and the color of each cause."""
    return {
        "": (_("Same"), "green"),
        "parent": (_("By variations"), "secondary"),
        "by_channel": (_("By the channel"), "secondary"),
        "unpaired": (_("Not paired"), "orange"),
        "import_only": (_("Import only"), "secondary"),
        "stopped": (_("Account stopped"), "red"),
        "brake": (_("Brake"), "red"),
        "paused": (_("Paused"), "yellow"),
        "refused": (_("Refused"), "red"),
        "on_its_way": (_("In a feed"), "azure"),
        "accepted": (_("Read back next"), "azure"),
        "put_off": (_("Put off"), "orange"),
        "waiting": (_("In the queue"), "azure"),
    }


def _detail(listing: Listing, publication: Publication | None, why: str, wait: float) -> str:
    account = listing.shop.account
    next_try = _("Next try in %(span)s.") % {"span": span_text(wait)} if wait >= 1 else _("Next try now.")
    match why:
        case "refused" if publication is not None:
            return f"{_noted(publication, _('The platform refused: %(reason)s.'))} {next_try}"
        case "put_off" if publication is not None:
            return f"{_noted(publication, _('Put off: %(reason)s.'))} {next_try}"
        case "stopped":
            return account.state_words or _("The account is paused or must be reconnected, see Channels.")
        case "brake":
            return _("The brake waits for a person: %(reason)s") % {"reason": account.brake_words}
    return _sentences(listing).get(why, "")


def _noted(publication: Publication, words: str) -> str:
    """Return what was noted last: a sentence of ours says enough, a platform's own words need ``words``."""
    reason = sentences.shown(publication.last_error)
    return reason if sentences.is_kept(publication.last_error) else words % {"reason": reason.rstrip(".")}


def _sentences(listing: Listing) -> dict[str, str]:
    paused = _("The shop does not offer stock now; 0 goes out next.")
    if listing.is_paused:
        paused = _("This listing is paused; 0 goes out next.")
    return {
        "parent": _("A parent listing sells nothing itself; its variations do."),
        "by_channel": _("The channel ships it from its own warehouse, so its stock is not ours to set."),
        "unpaired": _("Say which SKU it sells; until then its quantity is left alone."),
        "import_only": _("The account does not push stock. Switch it on under Channels."),
        "paused": paused,
        "on_its_way": _("It is in a feed the platform works on; its report decides."),
        "accepted": _("The platform accepted it; it is read back before it counts."),
        "waiting": _("It goes out within seconds."),
    }
