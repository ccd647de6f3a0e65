"""Adding an account nobody speaks for: its orders come as sheets, its statements as files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from channels import accounts
from channels.accounts import AccountRefused
from channels.adapter import Platform
from channels.messages import Marketplace
from channels.models import ChannelAccount
from channels.proving import offered_platform
from ecomhub.models import LegalEntity
from ecomhub.money import known_currencies

ENVIRONMENT = "files"


def offered(*, key: str) -> Platform:
    """Return a platform worked by file. Raises ``AccountRefused`` for one that is connected instead."""
    found = offered_platform(key=key)
    if not found.is_by_file:
        raise AccountRefused(
            _("%(platform)s is connected with credentials; its orders come by themselves.")
            % {"platform": found.name}
        )
    return found


def add(
    *,
    platform: str,
    name: str,
    countries: Sequence[str],
    legal_entity: LegalEntity,
    go_live_at: datetime,
    at: datetime,
    seller_id: str = "",
    currency: str = "",
    time_zone: str = "",
    actor: str = "system",
) -> ChannelAccount:
    """Add an account with a shop for each country (two letters of ISO 3166).

    ``currency`` and ``time_zone`` are used for every shop in place of the country's own. Orders placed
    before ``go_live_at`` are kept but never worked. Raises ``AccountRefused`` saying what to change.
    """
    known = {place.id: place for place in offered(key=platform).marketplaces}
    if currency and currency not in known_currencies():
        raise AccountRefused(_("%s is not a currency. Use its three letters of ISO 4217.") % currency)
    if time_zone and time_zone not in available_timezones():
        raise AccountRefused(_("%s is not a time zone. Use a name such as Asia/Shanghai.") % time_zone)
    chosen: list[Marketplace] = []
    for code in dict.fromkeys(country.strip().upper() for country in countries):
        if code not in known:
            raise AccountRefused(
                _("%(country)s is no country of this platform; there are: %(known)s")
                % {"country": code, "known": ", ".join(known)}
            )
        place = known[code]
        chosen.append(
            replace(place, currency=currency or place.currency, time_zone=time_zone or place.time_zone)
        )
    if not chosen:
        raise AccountRefused(_("Choose the countries it sells in."))
    return accounts.add(
        platform=platform,
        name=name,
        environment=ENVIRONMENT,
        endpoint="",
        token_endpoint="",
        seller_id=seller_id.strip() or name.strip(),
        credentials={},
        marketplaces=chosen,
        legal_entity=legal_entity,
        go_live_at=go_live_at,
        at=at,
        actor=actor,
        history_days=0,
    )
