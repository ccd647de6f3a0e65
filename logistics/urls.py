"""Addresses of this house's pages."""

from django.urls import path

from logistics import views

app_name = "logistics"
urlpatterns = [
    path("", views.shipments, name="list"),
    path("of-order/<int:pk>/", views.order_panel, name="order-panel"),
    path("<int:pk>/dispatch/", views.dispatch_shipment, name="dispatch"),
    path("<int:pk>/tracking/", views.set_tracking, name="tracking"),
    path("confirmations/<int:pk>/tell/", views.tell_again, name="tell"),
]
