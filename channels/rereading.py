"""Reading again the listings that pushes named; one nobody knows yet makes the listings stream come soon."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from channels import listings, tokens
from channels.adapter import ChannelError, Refused, RetryLater, Unsupported
from channels.door_models import ListingFetch
from channels.models import ChannelAccount, Listing, Pull
from ecomhub import work

OPERATION = "fetch_listing"
PER_RUN = 20
_AWAY = timedelta(seconds=30)


def due_accounts(*, limit: int) -> Sequence[int]:
    """Return the accounts with pushed listings that wait, the longest waiting first."""
    rows = ListingFetch.objects.filter(
        work.is_due(),
        account__state=ChannelAccount.State.CONNECTED,
    )
    found = rows.order_by("due_at", "pk").values_list("account_id", flat=True)[: limit * PER_RUN]
    return list(dict.fromkeys(found))[:limit]


def read_pushed(*, account_id: int, now: Callable[[], datetime], limit: int = PER_RUN) -> int:
    """Read an account's pushed listings that are due; returns how many were read.

    One the platform refuses to show is left to the next pass over all listings.
    """
    account = ChannelAccount.objects.get(pk=account_id)
    rows = work.claim(
        model=ListingFetch,
        limit=limit,
        where=Q(account_id=account_id, account__state=ChannelAccount.State.CONNECTED),
    )
    done = 0
    for place, row in enumerate(rows):
        try:
            work.renew(row=row)
            done += _read(account=account, row=row, now=now)
            _settle(row)
        except work.LeaseLost:
            continue
        except (Refused, Unsupported):
            _settle(row)
        except ChannelError as error:
            after = error.after if isinstance(error, RetryLater) and error.after else _AWAY
            for left in rows[place:]:
                _give_back(left, due_in=after, reason=error.told)
            break
    return done


def _read(*, account: ChannelAccount, row: ListingFetch, now: Callable[[], datetime]) -> bool:
    places = Listing.objects.filter(shop__account=account, external_id=row.external_id)
    marketplaces = list(places.order_by("pk").values_list("shop__marketplace", flat=True))
    if not marketplaces:
        idle = Pull.objects.filter(account=account, stream=Pull.Stream.LISTINGS, pass_to__isnull=True)
        work.ring(model=Pull, pks=list(idle.values_list("pk", flat=True)))
        return False
    for marketplace in marketplaces:
        seen = tokens.call(
            account=account,
            operation=OPERATION,
            verb=lambda adapter, place=marketplace: adapter.fetch_listing(  # type: ignore[misc]
                marketplace=place, listing_id=row.external_id
            ),
            at=now(),
            patience=tokens.SHORT,
        )
        with transaction.atomic():
            listings.take_in(account=account, listings=[seen], at=now())
    return True


def _settle(row: ListingFetch) -> None:
    with transaction.atomic():
        work.hold(row=row)
        if ListingFetch.objects.values_list("asked", flat=True).get(pk=row.pk) != row.asked:
            work.finish(row=row, due_in=timedelta())
        else:
            ListingFetch.objects.filter(pk=row.pk).delete()


def _give_back(row: ListingFetch, *, due_in: timedelta, reason: str) -> None:
    try:
        work.postpone(row=row, due_in=due_in, reason=reason)
    except work.LeaseLost:
        return
