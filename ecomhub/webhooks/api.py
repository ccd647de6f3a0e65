"""Webhooks in the REST API: subscribe and unsubscribe (Zapier's way), the log, replay, samples."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.rest.fields import FilterSerializer, StrictSerializer
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.pagination import KeysetPagination
from ecomhub.rest.views import HubViewSet, cannot
from ecomhub.webhooks import endpoints, samples, topics
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecomhub.work import WorkState


class EndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """An address that is told what happens. Its secret is shown once, when it is made."""

    class Meta:
        model = WebhookEndpoint
        fields = ["id", "name", "url", "topics", "state", "state_reason", "failing_since", "created_at"]
        read_only_fields = fields


class MadeEndpointSerializer(EndpointSerializer):
    """An endpoint just made, with its secret."""

    secret = serializers.CharField(read_only=True)

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class SubscriptionSerializer(StrictSerializer):
    """Where to send, and which topics: object kinds (``order``) or single events (``order.ship``)."""

    url = serializers.CharField(max_length=500)
    topics = serializers.ListField(child=serializers.CharField(max_length=62), min_length=1, max_length=50)
    name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class ReplaySerializer(StrictSerializer):
    """A range of time whose messages are sent again, under their old ids."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    only_failed = serializers.BooleanField(required=False, default=False)


class SecretSerializer(serializers.Serializer[Any]):
    """A new secret, shown this once."""

    secret = serializers.CharField()


class CountSerializer(serializers.Serializer[Any]):
    """How many messages are sent again."""

    messages = serializers.IntegerField()


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One message and what became of it: waiting, done, or quarantined after its last try."""

    endpoint = serializers.IntegerField(source="endpoint_id")
    message_id = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "endpoint",
            "message_id",
            "topic",
            "object_kind",
            "object_id",
            "sequence",
            "at",
            "state",
            "tries_left",
            "last_status",
            "last_error",
            "due_at",
            "delivered_at",
        ]
        read_only_fields = fields

    def get_message_id(self, delivery: WebhookDelivery) -> str:
        """Return the id the receiver sees."""
        return f"msg_{delivery.message_id.hex}"


class MessageDataSerializer(serializers.Serializer[Any]):
    """Which object changed; ``sequence`` counts its changes."""

    object = serializers.CharField()
    id = serializers.IntegerField()
    sequence = serializers.IntegerField()


class MessageSerializer(serializers.Serializer[Any]):
    """A message as an endpoint receives it."""

    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = MessageDataSerializer()  # type: ignore[assignment] # the wire's own word


class DeliveryFilter(FilterSerializer):
    """Filters of the log."""

    endpoint = serializers.IntegerField(required=False, min_value=1)
    state = serializers.ChoiceField(
        required=False, choices=[WorkState.WAITING, WorkState.DONE, WorkState.QUARANTINED]
    )


class SampleFilter(FilterSerializer):
    """Which topic to show."""

    topic = serializers.CharField(max_length=62)

    def validate_topic(self, topic: str) -> str:
        """Refuse a topic nobody tells."""
        if topic not in topics.known():
            raise serializers.ValidationError(
                _("There is no such topic. Choose one of: %(names)s.") % {"names": ", ".join(topics.known())}
            )
        return topic


class ByNumber(KeysetPagination):
    """Pages in the order of making."""

    keys = (("id", int),)


class WebhookEndpoints(HubViewSet):
    """Addresses of others that are told what happens here."""

    actions: ClassVar[dict[str, str]] = {"*": "webhooks.manage"}
    serializer_class = EndpointSerializer
    pagination_class = ByNumber
    filter_serializer_class = FilterSerializer
    queryset = WebhookEndpoint.objects.none()

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        """Return the endpoints; limited people manage none."""
        limited = self.actor.shop_ids is not None or self.actor.warehouse_ids is not None
        return WebhookEndpoint.objects.none() if limited else WebhookEndpoint.objects.all()

    @extend_schema(operation_id="webhook_endpoints_list")
    def list(self, request: Request) -> Response:
        """List endpoints."""
        self.filters()
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(EndpointSerializer(page, many=True).data)

    @extend_schema(operation_id="webhook_endpoints_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one endpoint."""
        return Response(EndpointSerializer(self.get_object()).data)

    @extend_schema(
        operation_id="webhook_endpoints_create",
        request=SubscriptionSerializer,
        responses={201: MadeEndpointSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Subscribe an address; the answer holds its secret, the only time it can be read."""
        wanted = self.body(SubscriptionSerializer)
        try:
            endpoint, secret = endpoints.subscribe(
                url=wanted["url"],
                wanted=wanted["topics"],
                name=wanted["name"],
                actor=self.actor,
                at=clock.now(),
            )
        except endpoints.CannotSubscribe as error:
            cannot(code="cannot_subscribe", detail=str(error))
        endpoint.refresh_from_db()
        endpoint.secret = secret  # type: ignore[attr-defined]
        return Response(MadeEndpointSerializer(endpoint).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="webhook_endpoints_destroy", responses={204: None})
    @idempotent
    def destroy(self, request: Request, pk: str) -> Response:
        """Unsubscribe an address and forget what was told to it."""
        endpoints.unsubscribe(endpoint=self.get_object(), actor=self.actor, at=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="webhook_endpoints_rotate_secret", request=None, responses={200: SecretSerializer}
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    @idempotent
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """Make a new secret; the old one signs beside it for a day."""
        secret = endpoints.rotate(endpoint=self.get_object(), actor=self.actor, at=clock.now())
        return Response(SecretSerializer({"secret": secret}).data)

    @extend_schema(operation_id="webhook_endpoints_ping", request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    @idempotent
    def ping(self, request: Request, pk: str) -> Response:
        """Send a test message soon."""
        made = endpoints.ping(endpoint=self.get_object(), at=clock.now())
        made.refresh_from_db()
        return Response(DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="webhook_endpoints_replay", request=ReplaySerializer, responses={202: CountSerializer}
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def replay(self, request: Request, pk: str) -> Response:
        """Send a range of messages again, under their old ids."""
        wanted = self.body(ReplaySerializer)
        if wanted["since"] >= wanted["until"]:
            cannot(code="empty_range", detail=_("The range ends before it begins."), field="until")
        count = endpoints.replay(
            endpoint=self.get_object(),
            since=wanted["since"],
            until=wanted["until"],
            only_failed=wanted["only_failed"],
        )
        return Response(CountSerializer({"messages": count}).data, status=status.HTTP_202_ACCEPTED)


class WebhookDeliveries(HubViewSet):
    """The log of messages: what was told to whom, and how it went."""

    actions: ClassVar[dict[str, str]] = {"GET": "webhooks.manage"}
    serializer_class = DeliverySerializer
    pagination_class = ByNumber
    filter_serializer_class = DeliveryFilter
    queryset = WebhookDelivery.objects.none()

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        """Return the messages; limited people manage none."""
        limited = self.actor.shop_ids is not None or self.actor.warehouse_ids is not None
        return WebhookDelivery.objects.none() if limited else WebhookDelivery.objects.all()

    @extend_schema(operation_id="webhook_deliveries_list", parameters=[DeliveryFilter])
    def list(self, request: Request) -> Response:
        """List messages."""
        wanted = self.filters()
        rows = self.get_queryset()
        if wanted.get("endpoint"):
            rows = rows.filter(endpoint_id=wanted["endpoint"])
        if wanted.get("state"):
            rows = rows.filter(state=wanted["state"])
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)


class WebhookSamples(HubViewSet):
    """Messages as they look, the newest first: for setting up a receiver."""

    actions: ClassVar[dict[str, str]] = {"GET": "webhooks.manage"}
    serializer_class = MessageSerializer
    pagination_class = None  # type: ignore[assignment] # a handful, never pages
    filter_serializer_class = SampleFilter
    queryset = WebhookDelivery.objects.none()

    @extend_schema(
        operation_id="webhook_samples_list",
        parameters=[SampleFilter],
        responses={200: MessageSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        """Show the newest messages of a topic; an invented one when nothing happened yet."""
        return Response(MessageSerializer(samples.newest(topic=self.filters()["topic"]), many=True).data)


ROUTES = [
    ("webhook-endpoints", WebhookEndpoints, "webhook-endpoint"),
    ("webhook-deliveries", WebhookDeliveries, "webhook-delivery"),
    ("webhook-samples", WebhookSamples, "webhook-sample"),
]
SECTIONS: list[Any] = []
