"""Every address of the hub. Apps are named in strings only."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from ecomhub import discovery, health
from ecomhub.rest import docs
from ecomhub.rest.schema import SchemaView
from ecomhub.rest.views import NothingHere
from ecomhub.shell import token_views


def _router() -> SimpleRouter:
    router = SimpleRouter(trailing_slash=True)
    for prefix, viewset, basename in discovery.api_routes():
        router.register(prefix, viewset, basename=basename)
    return router


urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("allauth.urls")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", docs.page, name="api-docs"),
    path("api-tokens/", token_views.index, name="api-tokens"),
    path("api-tokens/add/", token_views.add, name="api-token-add"),
    path("api-tokens/<slug:digest>/revoke/", token_views.revoke, name="api-token-revoke"),
    path("api/v1/", include((_router().urls, "api"))),
    re_path("^api/", NothingHere.as_view()),
    path("", include("ecomhub.shell.urls")),
    path("webhooks/", include("ecomhub.webhooks.urls")),
    path("stock/", include("inventory.urls")),
    path("channels/", include("channels.urls")),
    path("hooks/", include("channels.hook_urls")),
    path("orders/", include("orders.urls")),
    path("shipments/", include("logistics.urls")),
    path("finance/", include("finance.urls")),
]

handler500 = "ecomhub.rest.problems.server_error"
