"""The ground's nouns: people, tokens, the legal entity, events, files, idempotency keys."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from ecomhub.access import Actor, Role
from ecomhub.fields import CurrentXid, XidField
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookTry

__all__ = ["WebhookDelivery", "WebhookEndpoint", "WebhookTry"]


class RoleChoice(models.TextChoices):
    """The roles of ``ecomhub.access`` with their words."""

    VIEWER = Role.VIEWER.value, _("Viewer")
    PICKER = Role.PICKER.value, _("Picker")
    OPERATIONS = Role.OPERATIONS.value, _("Operations")
    FINANCE = Role.FINANCE.value, _("Finance")
    ADMIN = Role.ADMIN.value, _("Administrator")
    OWNER = Role.OWNER.value, _("Owner")


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """A person of the company, with one role and how they like to see the pages."""

    class Theme(models.TextChoices):
        """Light, dark, or as the device says."""

        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        """How close the rows of a list stand."""

        COMPACT = "compact", _("Compact")
        COMFORTABLE = "comfortable", _("Comfortable")

    role = models.CharField(max_length=12, choices=RoleChoice.choices, default=RoleChoice.VIEWER)
    language = models.CharField(max_length=10, choices=[("en", "English"), ("zh-hans", "中文")], default="en")
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.AUTO)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMPACT)
    time_zone = models.CharField(max_length=64, default="Asia/Shanghai")
    shop_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    warehouse_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)

    def actor(self) -> Actor:
        """Return this person as an actor with the rights of this moment."""
        return Actor(
            name=self.get_username(),
            role=Role(self.role),
            user_id=self.pk,
            shop_ids=None if self.shop_ids is None else frozenset(self.shop_ids),
            warehouse_ids=None if self.warehouse_ids is None else frozenset(self.warehouse_ids),
        )


class AuthToken(AbstractAuthToken):  # type: ignore[misc]
    """A REST token: hashed at rest, limited to scopes, shops and warehouses."""

    name = models.CharField(max_length=80, default="", blank=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    shop_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    warehouse_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractAuthToken.Meta):  # type: ignore[misc]
        swappable = "KNOX_TOKEN_MODEL"

    def actor(self) -> Actor:
        """Return the actor this token stands for: its person, narrowed."""
        person = self.user.actor()
        return Actor(
            name=f"{person.name} ({self.name or self.token_key})",
            role=person.role,
            user_id=person.user_id,
            shop_ids=_narrow(person.shop_ids, self.shop_ids),
            warehouse_ids=_narrow(person.warehouse_ids, self.warehouse_ids),
            scopes=frozenset(self.scopes),
            token_id=self.token_key,
        )


def _narrow(held: frozenset[int] | None, wanted: list[int] | None) -> frozenset[int] | None:
    if wanted is None:
        return held
    return frozenset(wanted) if held is None else held & frozenset(wanted)


class LegalEntity(models.Model):
    """A company (主体) that owns stock and shops."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """Something that happened to one object; append-only, numbered per object, without personal data."""

    id = models.BigAutoField(primary_key=True)
    object_kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    actor = models.CharField(max_length=160, default="system")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    transaction = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["object_kind", "object_id", "sequence"],
                name="event_sequence_once",
            )
        ]


class StoredFile(models.Model):
    """A file of the content-hashed store in ``ECOMHUB_FILES_DIR`` (see ``ecomhub.files``)."""

    digest = models.CharField(max_length=64)
    purpose = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sealed = models.BooleanField(default=False)
    stored_at = models.DateTimeField(db_default=Now())


class IdempotencyKey(models.Model):
    """One unsafe API call under its client's key, with the answer it got, sealed.

    ``about`` names the object whose personal data the answer may hold, ``order:12``; empty for none.
    """

    actor = models.CharField(max_length=160)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    locked_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    about = models.CharField(max_length=40, blank=True, default="", db_default="")
    sealed_body = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="idempotency_key_once")]
        indexes = [
            models.Index(fields=["created_at"], name="idempotency_key_oldest"),
            models.Index(fields=["about"], name="idempotency_key_about", condition=~Q(about="")),
        ]


class FeedEpoch(models.Model):
    """One row: which life of the database the change feeds are in, raised by the database itself.

    Transaction numbers begin anew in another cluster (dump and restore) and go back on another timeline
    (point-in-time restore). ``cluster`` names both; the first writer of a new one raises ``epoch``.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.PositiveIntegerField(default=1)
    cluster = models.CharField(max_length=60)
    raised_at = models.DateTimeField(db_default=Now())
