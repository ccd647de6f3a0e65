"""How a person likes the pages: language, theme, density of lists."""

from ecomhub.models import User


class UnknownPreference(ValueError):
    """Somebody asked for a look that does not exist."""


CHOICES: dict[str, frozenset[str]] = {
    "language": frozenset({"en", "zh-hans"}),
    "theme": frozenset(User.Theme.values),
    "density": frozenset(User.Density.values),
}


def is_known(*, name: str, value: str) -> bool:
    """Say whether a preference may have a value."""
    return value in CHOICES.get(name, frozenset())


def remember(*, user: User, wanted: dict[str, str]) -> None:
    """Keep what a person prefers. Raises ``UnknownPreference`` and keeps nothing when one is unknown."""
    for name, value in wanted.items():
        if not is_known(name=name, value=value):
            raise UnknownPreference(f"{name}={value}")
    for name, value in wanted.items():
        setattr(user, name, value)
    user.save(update_fields=sorted(wanted))
