"""Addresses of the finance pages."""

from django.urls import path

from finance.pages import (
    close_views,
    exception_views,
    export_views,
    import_views,
    ledger_views,
    rate_views,
    reconcile_views,
    settlement_views,
    suspense_views,
)

app_name = "finance"
urlpatterns = [
    path("", settlement_views.settlements, name="list"),
    path("settlements/<int:pk>/", settlement_views.settlement, name="settlement"),
    path("settlements/<int:pk>/orders/", settlement_views.settlement_orders, name="settlement-orders"),
    path("settlements/<int:pk>/types/<int:line_type>/", settlement_views.type_orders, name="type-orders"),
    path("settlements/<int:pk>/types/<int:line_type>/lines/", settlement_views.type_lines, name="type-lines"),
    path("lines/<int:pk>/", settlement_views.line, name="line"),
    path("files/<int:pk>/", import_views.source_file, name="file"),
    path("files/<int:pk>/download/", settlement_views.document, name="download"),
    path("import/", import_views.take, name="import"),
    path("accounts/add/", import_views.add_account, name="add-account"),
    path("suspense/", suspense_views.suspense, name="suspense"),
    path("suspense/<int:pk>/", suspense_views.map_type, name="map-type"),
    path("ledger/", ledger_views.ledger, name="ledger"),
    path("ledger/accounts/<slug:code>/", ledger_views.account, name="account"),
    path("ledger/entries/<int:pk>/", ledger_views.journal, name="journal"),
    path("rates/", rate_views.table, name="rates"),
    path("rates/type/", rate_views.type_rate, name="type-rate"),
    path("rates/import/", rate_views.take_file, name="rate-file"),
    path("close/", close_views.close_page, name="close"),
    path("close/checklist/", close_views.checklist, name="checklist"),
    path("close/lock/", close_views.close, name="lock"),
    path("close/reopen/", close_views.reopen, name="reopen"),
    path("exports/", export_views.exports, name="exports"),
    path("exports/table/", export_views.table, name="exports-table"),
    path("exports/<int:pk>/file/", export_views.file, name="export-file"),
    path("exports/<int:pk>/manifest/", export_views.manifest, name="export-manifest"),
    path("exports/<int:pk>/cancel/", export_views.cancel, name="export-cancel"),
    path("exports/<int:pk>/again/", export_views.again, name="export-again"),
    path("reconcile/", reconcile_views.reconcile, name="reconcile"),
    path("orders/<int:pk>/panel/", reconcile_views.order_panel, name="order-panel"),
    path("exceptions/", exception_views.queue, name="exceptions"),
    path("exceptions/accept/", exception_views.accept, name="accept"),
    path("exceptions/<int:pk>/note/", exception_views.note, name="note"),
]
