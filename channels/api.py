"""Channels in the REST API: accounts (never their secrets), shops, and listings with what they show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels import queries
from channels.models import ChannelAccount, Listing, Shop
from channels.registry import platform, platforms
from channels.standing import Standing, standings
from ecomhub.discovery import ApiSection
from ecomhub.rest.fields import FilterSerializer, MoneyField, choices_of, codes, flag, numbers
from ecomhub.rest.views import HubViewSet


class AccountSerializer(serializers.ModelSerializer[ChannelAccount]):
    """A seller's account on a platform, without its secrets.

    ``switched_on_at`` is null while it is import-only; ``authorized_until`` is when the platform's consent
    ends, null when it does not.
    """

    state_reason = serializers.CharField(source="state_words", read_only=True)
    brake_reason = serializers.CharField(source="brake_words", read_only=True)
    capabilities = serializers.SerializerMethodField()

    class Meta:
        model = ChannelAccount
        fields = [
            "id",
            "platform",
            "name",
            "seller_id",
            "environment",
            "state",
            "state_reason",
            "go_live_at",
            "switched_on_at",
            "pushes_stock",
            "confirms_shipments",
            "pushes_prices",
            "capabilities",
            "brake_engaged_at",
            "brake_reason",
            "authorized_until",
            "created_at",
        ]
        read_only_fields = fields

    def get_capabilities(self, account: ChannelAccount) -> list[str]:
        """Show what the platform offers, whether or not it is switched on; empty for one worked by file."""
        return sorted(capability.value for capability in platform(account.platform).capabilities)


class ShopSerializer(serializers.ModelSerializer[Shop]):
    """A shop (店铺): one account on one marketplace."""

    platform = serializers.CharField(source="account.platform")
    account = serializers.CharField(source="account.name")
    legal_entity = serializers.CharField(source="legal_entity.code")

    class Meta:
        model = Shop
        fields = [
            "id",
            "short_name",
            "name",
            "platform",
            "account",
            "marketplace",
            "country",
            "currency",
            "time_zone",
            "group",
            "person_in_charge",
            "legal_entity",
            "tells",
            "auto_approve",
            "buffer",
            "percentage",
            "cap",
            "is_paused",
        ]
        read_only_fields = fields


class ListingPartSerializer(serializers.Serializer[Any]):
    """What one unit of a listing takes from stock."""

    sku = serializers.CharField(source="sku.code")
    units = serializers.IntegerField(source="quantity")


class ListingSerializer(serializers.ModelSerializer[Listing]):
    """An offer on a shop. ``wanted`` is what it should show, ``published`` what the channel last said.

    ``difference`` is empty when both agree, else why they do not: unpaired, import_only, paused, refused …
    """

    shop = serializers.IntegerField(source="shop_id")
    platform = serializers.CharField(source="shop.account.platform")
    account = serializers.CharField(source="shop.account.name")
    components = ListingPartSerializer(many=True)
    price = MoneyField(amount="price")
    wanted = serializers.SerializerMethodField()
    published = serializers.SerializerMethodField()
    published_at = serializers.SerializerMethodField()
    difference = serializers.SerializerMethodField()

    class Meta:
        model = Listing
        fields = [
            "id",
            "external_id",
            "product_id",
            "parent_external_id",
            "is_parent",
            "platform",
            "account",
            "shop",
            "title",
            "status",
            "price",
            "fulfillment_method",
            "is_mapped",
            "components",
            "buffer",
            "cap",
            "percentage",
            "is_paused",
            "wanted",
            "published",
            "published_at",
            "difference",
        ]
        read_only_fields = fields

    def _standing(self, listing: Listing) -> Standing | None:
        held: dict[int, Standing] = self.context.get("standings", {})
        return held.get(listing.pk)

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_wanted(self, listing: Listing) -> int | None:
        """Show the quantity the channel should show."""
        found = self._standing(listing)
        return None if found is None else found.wanted

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_published(self, listing: Listing) -> int | None:
        """Show the quantity the channel shows, as far as is known."""
        found = self._standing(listing)
        return None if found is None else found.shown

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_published_at(self, listing: Listing) -> datetime | None:
        """Show when the channel last said so."""
        found = self._standing(listing)
        return None if found is None else found.said_at

    def get_difference(self, listing: Listing) -> str:
        """Show why both differ."""
        found = self._standing(listing)
        return "" if found is None else found.why


class AccountFilter(FilterSerializer):
    """Filters of the account list."""

    platform = codes(20)
    state = choices_of(ChannelAccount.State.choices)


class ShopFilter(FilterSerializer):
    """Filters of the shop list."""

    platform = codes(20)
    account = codes(60, help_text="Names of channel accounts.")
    country = codes(2)


class ListingFilter(FilterSerializer):
    """Filters of the listing list."""

    platform = codes(20)
    account = codes(60, help_text="Names of channel accounts.")
    shop = numbers(help_text="Ids of shops.")
    external_id = codes(120, help_text="The platform's listing codes, up to 100 at once.")
    sku = codes(64, help_text="Codes of SKUs it sells.")
    mapped = flag(help_text="Whether it sells a SKU yet.")
    paused = flag(help_text="Whether its stock push is paused.")


_BY = {
    "account": "account__name__in",
    "country": "country__in",
    "platform": "account__platform__in",
    "state": "state__in",
}


def _known_platforms(wanted: dict[str, Any]) -> None:
    if any(name not in platforms() for name in wanted.get("platform", [])):
        raise exceptions.ValidationError({"platform": [_("There is no such platform here.")]})


class Accounts(HubViewSet):
    """Channel accounts of which the caller may see a shop."""

    actions: ClassVar[dict[str, str]] = {"GET": "channels.view"}
    serializer_class = AccountSerializer
    filter_serializer_class = AccountFilter
    page_keys = (("id", int),)
    queryset = ChannelAccount.objects.none()

    def get_queryset(self) -> QuerySet[ChannelAccount]:
        """Return the caller's accounts."""
        return queries.accounts_visible_to(actor=self.actor).order_by()

    @extend_schema(operation_id="accounts_list", parameters=[AccountFilter])
    def list(self, request: Request) -> Response:
        """List accounts; secrets are never shown."""
        wanted = self.filters()
        _known_platforms(wanted)
        named = {"platform": "platform__in", "state": "state__in"}
        return self.page_of(
            self.get_queryset().filter(**{named[name]: value for name, value in wanted.items() if value})
        )

    @extend_schema(operation_id="accounts_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one account."""
        return Response(self.shown(self.get_object(), many=False))


class Shops(HubViewSet):
    """Shops the caller may see."""

    actions: ClassVar[dict[str, str]] = {"GET": "channels.view"}
    serializer_class = ShopSerializer
    filter_serializer_class = ShopFilter
    page_keys = (("id", int),)
    queryset = Shop.objects.none()

    def get_queryset(self) -> QuerySet[Shop]:
        """Return the caller's shops."""
        return Shop.objects.visible_to(self.actor).select_related("account", "legal_entity")

    @extend_schema(operation_id="shops_list", parameters=[ShopFilter])
    def list(self, request: Request) -> Response:
        """List shops."""
        wanted = self.filters()
        _known_platforms(wanted)
        return self.page_of(
            self.get_queryset().filter(**{_BY[name]: value for name, value in wanted.items() if value})
        )

    @extend_schema(operation_id="shops_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one shop."""
        return Response(self.shown(self.get_object(), many=False))


class Listings(HubViewSet):
    """Listings of the caller's shops."""

    actions: ClassVar[dict[str, str]] = {"GET": "channels.view"}
    serializer_class = ListingSerializer
    filter_serializer_class = ListingFilter
    page_keys = (("id", int),)
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        """Return the caller's listings with what a row shows."""
        return queries.for_list(Listing.objects.visible_to(self.actor))

    @extend_schema(operation_id="listings_list", parameters=[ListingFilter])
    def list(self, request: Request) -> Response:
        """List listings with wanted and published quantities."""
        wanted = self.filters()
        _known_platforms(wanted)
        rows = self.get_queryset()
        named = {
            "platform": "shop__account__platform__in",
            "account": "shop__account__name__in",
            "shop": "shop__in",
            "external_id": "external_id__in",
        }
        rows = rows.filter(**{key: wanted[name] for name, key in named.items() if wanted.get(name)})
        if wanted.get("sku"):
            sold = Listing.objects.filter(components__sku__code__in=wanted["sku"])
            rows = rows.filter(pk__in=sold.values("pk"))
        for name, column in (("mapped", "is_mapped"), ("paused", "is_paused")):
            if wanted.get(name) is not None:
                rows = rows.filter(**{column: wanted[name]})
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(self.shown(page, standings=self.standings(page)))

    @extend_schema(operation_id="listings_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one listing."""
        listing = self.get_object()
        return Response(self.shown(listing, many=False, standings=self.standings([listing])))

    def standings(self, page: Sequence[Listing]) -> dict[int, Standing]:
        """Return how each stands, unless nobody asked for it."""
        only = self.only()
        if only is not None and not only & {"wanted", "published", "published_at", "difference"}:
            return {}
        return {found.listing.pk: found for found in standings(listings=page)}


ROUTES = [
    ("accounts", Accounts, "account"),
    ("shops", Shops, "shop"),
    ("listings", Listings, "listing"),
]

SECTIONS: list[ApiSection] = []
