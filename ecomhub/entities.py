"""The companies (主体) that own stock and shops."""

from ecomhub.models import LegalEntity


def default_entity() -> LegalEntity:
    """Return the company used where nobody named one: the first; a fresh installation gets it now."""
    first = LegalEntity.objects.order_by("pk").first()
    if first is not None:
        return first
    return LegalEntity.objects.get_or_create(
        code="main", defaults={"name": "Main company", "country": "CN", "currency": "CNY"}
    )[0]
