"""What can be told: each app names its objects and events in ``topics.py`` (``TOPICS``)."""

from collections.abc import Iterable

from ecomhub.discovery import Topic, topics

PING = "ping"


class UnknownTopic(ValueError):
    """A topic nobody tells; the text names it and the known ones."""


def known() -> dict[str, Topic]:
    """Return every topic by its name, objects before their events."""
    return {topic.name: topic for topic in topics()}


def check(names: Iterable[str]) -> list[str]:
    """Return the names in order, each once. Raises ``UnknownTopic``, also when there are none."""
    wanted = sorted(set(names))
    unknown = [name for name in wanted if name not in known()]
    if unknown or not wanted:
        raise UnknownTopic(f"{', '.join(unknown) or '-'}; {', '.join(known())}")
    return wanted
