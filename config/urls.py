"""Every URL of the installation."""

from . import admin_pages  # noqa: F401 - before the pages that are imported below

# isort: split
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django_prometheus.exports import ExportToDjangoView

from callcontrol.admin.softphone import Softphone
from callcontrol.api.carrier_callbacks import CarrierEvents
from callcontrol.caller_history.page import CallerPage
from callcontrol.reporting.dashboard import Dashboard, DashboardCaps, DashboardCSV
from campaigns.admin.changes import ChangesPage
from campaigns.admin.passwords import SetPassword
from publishers.admin.dry_run import DryRun
from publishers.api.instructions import posting_instructions

from .ops import api_docs, health

urlpatterns = [
    path("", include("reservations.api.urls")),
    path("", include("callcontrol.api.urls")),
    path("", include("datawriting.api.urls")),
    path("carriers/<str:slug>/<str:webhook>.<str:format>", CarrierEvents.as_view()),
    path("carriers/<str:slug>/<str:webhook>", CarrierEvents.as_view(), name="carrier-event"),
    path("instructions/<str:token>", posting_instructions, name="instructions"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", ExportToDjangoView, name="metrics"),
    path("api/schema", api_docs.Schema.as_view(), name="schema"),
    path("api/schema.json", api_docs.Schema.as_view()),
    path("api/schema.yaml", api_docs.SchemaYAML.as_view()),
    path("api/docs", api_docs.Swagger.as_view(), name="docs"),
    path("api/redoc", api_docs.Redoc.as_view(), name="redoc"),
    path("admin/", Dashboard.as_page(), name="dashboard"),  # in place of the site's own index
    path("admin/dashboard.csv", DashboardCSV.as_page(), name="dashboard-csv"),
    path("admin/dashboard/caps/", DashboardCaps.as_page(), name="dashboard-caps"),
    path("admin/caller/", CallerPage.as_page(), name="caller"),
    path("admin/changes/", ChangesPage.as_page(), name="changes"),
    path("admin/dry-run/", DryRun.as_page(), name="dry-run"),
    path("admin/set-password/", SetPassword.as_view(), name="set-password"),
    path("admin/softphone/", Softphone.as_page(), name="softphone"),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

handler400 = "config.auth.error_pages.bad_request"
handler403 = "config.auth.error_pages.forbidden"
handler404 = "config.auth.error_pages.not_found"
handler500 = "config.http.errors.handler500"
