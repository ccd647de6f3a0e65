"""Addresses of the channel pages."""

from django.urls import path

from channels import connect_views, file_views, listing_views, managing_views, selling_views, views

app_name = "channels"
urlpatterns = [
    path("", views.channels, name="list"),
    path("add/<slug:platform>/", managing_views.add, name="add"),
    path("add-by-file/<slug:platform>/", file_views.add, name="add-by-file"),
    path("connect/", connect_views.choose, name="connect"),
    path("connect/<slug:platform>/", connect_views.start, name="connect-start"),
    path("connect/<slug:platform>/back", connect_views.back, name="connect-back"),
    path("listings/", listing_views.listings, name="listings"),
    path("listings/of-sku/<int:pk>/", listing_views.of_sku, name="of-sku"),
    path("listings/pairings.csv", listing_views.pairings, name="pairings"),
    path("listings/skus/", listing_views.sku_options, name="sku-options"),
    path("listings/accept/", selling_views.accept_many, name="accept-many"),
    path("listings/<slug:do>-selected/", selling_views.pause_many, name="pause-many"),
    path("listings/<int:pk>/", listing_views.listing, name="listing"),
    path("listings/<int:pk>/pair/", selling_views.pair, name="pair"),
    path("listings/<int:pk>/accept/", selling_views.accept, name="accept"),
    path("listings/<int:pk>/offer/", selling_views.offer, name="offer"),
    path("listings/<int:pk>/offer/effect/", selling_views.offer_effect, name="offer-effect"),
    path("listings/<int:pk>/price/", selling_views.price, name="price"),
    path("listings/<int:pk>/again/", selling_views.again, name="again"),
    path("failed/", views.failed, name="failed"),
    path("failed/retry/", managing_views.retry, name="retry"),
    path("failed/<int:pk>/raw/", views.raw, name="raw"),
    path("freshness/", views.freshness, name="freshness"),
    path("shops/<int:pk>/", selling_views.shop, name="shop"),
    path("shops/<int:pk>/effect/", selling_views.shop_effect, name="shop-effect"),
    path("<int:pk>/switches/", views.switches, name="switches"),
    path("<int:pk>/switch-on/", managing_views.switch_on, name="switch-on"),
    path("<int:pk>/switch-off/", managing_views.switch_off, name="switch-off"),
    path("<int:pk>/release-brake/", managing_views.release_brake, name="release-brake"),
    path("<int:pk>/reconnect/", managing_views.reconnect, name="reconnect"),
    path("<int:pk>/authorize/", connect_views.authorize, name="authorize"),
    path("<int:pk>/proxy/", connect_views.proxy, name="proxy"),
    path("<int:pk>/pause/", managing_views.pause, name="pause"),
    path("<int:pk>/resume/", managing_views.resume, name="resume"),
    path("<int:pk>/sync/", managing_views.sync, name="sync"),
]
