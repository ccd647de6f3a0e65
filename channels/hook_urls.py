"""The address platforms push to: an account is found by its unguessable id."""

from django.urls import path

from channels import hook_views

app_name = "hooks"
urlpatterns = [path("<slug:platform>/<str:push_id>", hook_views.receive, name="receive")]
