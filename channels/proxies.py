"""The way out an account's calls take, where a platform wants to see one address: a proxy of its own.

The address is kept in the open; the login in it is sealed, and no page or log shows it.
"""

from urllib.parse import quote, unquote, urlsplit

from django.utils.translation import gettext as _

from channels.models import ChannelAccount
from ecomhub import sealed

_SCHEMES = ("http", "https")
_LONGEST = 200


class AccountRefused(Exception):
    """An account cannot be connected or changed like this; the text says what to do instead."""


def read(*, text: str) -> tuple[str, dict[str, str]]:
    """Return a proxy's address without its login, and the login: ``("", {})`` for no proxy.

    Raises ``AccountRefused`` for a text that is no proxy's address; it does not repeat the text, which may
    hold a password.
    """
    if not text:
        return "", {}
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AccountRefused(_("The proxy's address cannot be read.")) from error
    if parts.scheme not in _SCHEMES or not parts.hostname or port is None:
        raise AccountRefused(
            _(
                "Write the proxy as http://host:port, with user:password@ before the host "
                "where it needs a login."
            )
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or any(map(str.isspace, text)):
        raise AccountRefused(_("The proxy's address ends after the port."))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{parts.scheme}://{host}:{port}"
    if len(address) > _LONGEST:
        raise AccountRefused(_("The proxy's address is too long."))
    if parts.username is None:
        return address, {}
    return address, {"user": unquote(parts.username), "password": unquote(parts.password or "")}


def put(*, account: ChannelAccount, text: str) -> None:
    """Set an account's proxy on the object in hand. Raises ``AccountRefused``."""
    address, login = read(text=text)
    account.proxy = address
    account.sealed_proxy_login = sealed.seal(context=_context(account), data=login) if login else ""


def way_out(*, account: ChannelAccount) -> str:
    """Return the address of the account's proxy with its login, empty when it has none."""
    if not account.proxy or not account.sealed_proxy_login:
        return account.proxy
    opened = sealed.unseal(context=_context(account), blob=account.sealed_proxy_login)
    scheme, _sign, place = account.proxy.partition("://")
    login = f"{quote(str(opened['user']), safe='')}:{quote(str(opened['password']), safe='')}"
    return f"{scheme}://{login}@{place}"


def _context(account: ChannelAccount) -> str:
    return f"channels.account:{account.uid}:proxy"
