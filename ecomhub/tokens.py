"""API tokens (hashed at rest, shown once) and people, made by administrators."""

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from ecomhub.access import SCOPES, Role
from ecomhub.models import AuthToken, User


class UnknownScope(ValueError):
    """A scope that does not exist; the text names it and the known ones."""


def issue(
    *,
    user: User,
    name: str,
    scopes: Sequence[str],
    shop_ids: Collection[int] | None = None,
    warehouse_ids: Collection[int] | None = None,
    lives: timedelta | None = None,
    replace: bool = False,
) -> str:
    """Make a token and return it, the only time it can be read.

    ``None`` for shops or warehouses means all the person may see, for ``lives`` without end. With
    ``replace`` the person's older tokens of that name stop working. Raises ``UnknownScope``.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise UnknownScope(f"unknown scope {', '.join(unknown)}; known are {', '.join(sorted(SCOPES))}")
    with transaction.atomic():
        if replace:
            AuthToken.objects.filter(user=user, name=name).delete()
        _held, text = AuthToken.objects.create(
            user=user,
            expiry=lives,
            name=name,
            scopes=sorted(set(scopes)),
            shop_ids=None if shop_ids is None else sorted(shop_ids),
            warehouse_ids=None if warehouse_ids is None else sorted(warehouse_ids),
        )
    return str(text)


def create_person(
    *, username: str, role: Role, password: str = "", email: str = "", language: str = "en"
) -> tuple[User, str]:
    """Make a person and return them with their password: the one given, or a new random one.

    Raises ``ValidationError`` when the given password is too weak, ``IntegrityError`` when the name is taken.
    """
    chosen = password or secrets.token_urlsafe(15)
    person = User(username=username, email=email, role=role.value, language=language)
    if password:
        validate_password(password, user=person)
    person.set_password(chosen)
    person.save(force_insert=True)
    return person, chosen
