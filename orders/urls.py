"""Addresses of the order pages."""

from django.urls import path

from orders import acting_views, canceling_views, lag_views, views

app_name = "orders"
urlpatterns = [
    path("", views.orders, name="list"),
    path("live/", views.live, name="live"),
    path("lags/", lag_views.by_shop, name="lags"),
    path("bulk/<slug:action>/", acting_views.bulk, name="bulk"),
    path("issues/<int:pk>/solve/", acting_views.solve, name="solve-issue"),
    path("lines/<int:pk>/", views.of_line, name="of-line"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/act/<slug:action>/", acting_views.act, name="act"),
    path("<int:pk>/hold/", acting_views.hold, name="hold"),
    path("<int:pk>/release/", acting_views.release, name="release"),
    path("<int:pk>/cancel/", canceling_views.cancel, name="cancel"),
    path("<int:pk>/cancel/again/", canceling_views.again, name="cancel-again"),
    path("<int:pk>/cancel/give-up/", canceling_views.give_up, name="cancel-give-up"),
    path("<int:pk>/accept/", canceling_views.accept, name="accept"),
    path("<int:pk>/decline/", canceling_views.decline, name="decline"),
    path("<int:pk>/buyer/", acting_views.buyer, name="buyer"),
]
