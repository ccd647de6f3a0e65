"""Addresses of this house's pages."""

from django.urls import path

from logistics import account_views, arranging_views, bulk_views, views

app_name = "logistics"
urlpatterns = [
    path("", views.shipments, name="list"),
    path("of-order/<int:pk>/", views.order_panel, name="order-panel"),
    path("of-account/<int:pk>/", account_views.of_account, name="account-panel"),
    path("arrange/", bulk_views.arrange_many, name="arrange-many"),
    path("arranging/", bulk_views.arranging, name="arranging"),
    path("labels/", bulk_views.pick_labels, name="pick-labels"),
    path("labels/file/", bulk_views.labels_file, name="labels"),
    path("<int:pk>/dispatch/", views.dispatch_shipment, name="dispatch"),
    path("<int:pk>/tracking/", views.set_tracking, name="tracking"),
    path("<int:pk>/arrange/", arranging_views.arrange, name="arrange"),
    path("<int:pk>/leave/", arranging_views.leave, name="leave"),
    path("arrangements/<int:pk>/again/", arranging_views.ask_again, name="ask-again"),
    path("arrangements/<int:pk>/label/", arranging_views.label, name="label"),
    path("confirmations/<int:pk>/tell/", views.tell_again, name="tell"),
]
