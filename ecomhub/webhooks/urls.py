"""Addresses of the webhook pages."""

from django.urls import path

from ecomhub.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.index, name="list"),
    path("add/", views.add, name="add"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/ping/", views.ping, name="ping"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("<int:pk>/rotate/", views.rotate, name="rotate"),
    path("<int:pk>/remove/", views.remove, name="remove"),
    path("<int:pk>/replay/", views.replay, name="replay"),
    path("messages/<int:pk>/", views.delivery, name="delivery"),
    path("messages/<int:pk>/again/", views.again, name="again"),
]
