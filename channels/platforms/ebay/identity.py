"""Whose credentials these are."""

from dataclasses import dataclass

from channels.adapter import Observer, RetryLater
from channels.messages import Connection
from channels.platforms.ebay.directory import SITE_NAMES
from channels.platforms.ebay.trading import call_trading
from channels.platforms.ebay.transport import Expected
from channels.platforms.ebay.xml_reading import inner
from channels.reading import Unreadable, needed_text, text


@dataclass(frozen=True, slots=True)
class User:
    """A seller: the name eBay knows them by, and where they are registered (empty: nowhere we know)."""

    name: str
    marketplace: str


def who_is(connection: Connection, observer: Observer | None) -> User:
    """Return whose access token this is (Trading's GetUser)."""
    said = call_trading(
        connection=connection,
        observer=observer,
        expected=Expected(operation="check", key="User"),
        verb="GetUser",
        request={"DetailLevel": "ReturnSummary"},
    )
    if said.is_partial:
        raise RetryLater("eBay answered GetUser in part")
    try:
        user = inner(said.data, "User")
        return User(needed_text(user, "UserID", most=120), SITE_NAMES.get(text(user, "Site", most=60), ""))
    except Unreadable as error:
        raise RetryLater(f"eBay's answer is broken: {error}") from error
