"""Addresses of the shell's own pages."""

from django.urls import path

from ecomhub.shell import styleguide, views

app_name = "ecomhub"

urlpatterns = [
    path("", views.home, name="home"),
    path("shell/tiles", views.tiles, name="home-tiles"),
    path("shell/badges", views.badges, name="menu-badges"),
    path("shell/preferences", views.preferences, name="preferences"),
    path("shell/language", views.language, name="language"),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("styleguide/live", styleguide.live, name="styleguide-live"),
    path("styleguide/dialog", styleguide.dialog, name="styleguide-dialog"),
    path("styleguide/toast", styleguide.toast, name="styleguide-toast"),
    path("styleguide/progress", styleguide.progress, name="styleguide-progress"),
]
