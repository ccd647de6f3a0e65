"""Addresses of the product and stock pages."""

from django.urls import path

from inventory import editing_views, import_views, views

app_name = "inventory"
urlpatterns = [
    path("", views.products, name="list"),
    path("new/", editing_views.create, name="create"),
    path("journal/", views.movements, name="movements"),
    path("warehouses/", views.warehouses, name="warehouses"),
    path("warehouses/new/", editing_views.warehouse_new, name="warehouse-new"),
    path("warehouses/<int:pk>/", editing_views.warehouse_edit, name="warehouse-edit"),
    path("imports/", import_views.upload, name="imports"),
    path("imports/<int:pk>/", import_views.show, name="import"),
    path("imports/<int:pk>/apply/", import_views.apply, name="import-apply"),
    path("imports/<int:pk>/discard/", import_views.discard, name="import-discard"),
    path("<int:pk>/", views.product, name="detail"),
    path("<int:pk>/edit/", editing_views.edit, name="edit"),
    path("<int:pk>/receive/", editing_views.receive, name="receive"),
    path("<int:pk>/adjust/", editing_views.adjust, name="adjust"),
]
