"""Addresses of the channel pages."""

from django.urls import path

from channels import managing_views, views

app_name = "channels"
urlpatterns = [
    path("", views.channels, name="list"),
    path("add/<slug:platform>/", managing_views.add, name="add"),
    path("listings/", views.listings, name="listings"),
    path("listings/of-sku/<int:pk>/", views.of_sku, name="of-sku"),
    path("listings/<int:pk>/pair/", managing_views.pair, name="pair"),
    path("failed/", views.failed, name="failed"),
    path("failed/retry/", managing_views.retry, name="retry"),
    path("failed/<int:pk>/raw/", views.raw, name="raw"),
    path("freshness/", views.freshness, name="freshness"),
    path("shops/<int:pk>/", managing_views.shop, name="shop"),
    path("<int:pk>/switches/", views.switches, name="switches"),
    path("<int:pk>/switch-on/", managing_views.switch_on, name="switch-on"),
    path("<int:pk>/switch-off/", managing_views.switch_off, name="switch-off"),
    path("<int:pk>/release-brake/", managing_views.release_brake, name="release-brake"),
    path("<int:pk>/reconnect/", managing_views.reconnect, name="reconnect"),
    path("<int:pk>/pause/", managing_views.pause, name="pause"),
    path("<int:pk>/resume/", managing_views.resume, name="resume"),
    path("<int:pk>/sync/", managing_views.sync, name="sync"),
]
