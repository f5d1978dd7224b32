"""Every address of the installation."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django_prometheus.exports import ExportToDjangoView

from callcontrol.admin.softphone import Softphone
from callcontrol.api.carrier_callbacks import CarrierEvents
from campaigns.admin.changes import Changes
from campaigns.admin.passwords import SetPassword
from publishers.admin.dry_run import DryRun
from publishers.api.instructions import posting_instructions

from . import health, schema
from .desk.caller import OneCaller
from .desk.dashboard import Dashboard, DashboardCaps, DashboardSheet

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
    path("api/schema", schema.Schema.as_view(), name="schema"),
    path("api/schema.json", schema.Schema.as_view()),
    path("api/schema.yaml", schema.SchemaYAML.as_view()),
    path("api/docs", schema.Swagger.as_view(), name="docs"),
    path("api/redoc", schema.Redoc.as_view(), name="redoc"),
    path("admin/", Dashboard.as_page(), name="dashboard"),  # in place of the site's own index
    path("admin/dashboard.csv", DashboardSheet.as_page(), name="dashboard-csv"),
    path("admin/dashboard/caps/", DashboardCaps.as_page(), name="dashboard-caps"),
    path("admin/caller/", OneCaller.as_page(), name="caller"),
    path("admin/changes/", Changes.as_page(), name="changes"),
    path("admin/dry-run/", DryRun.as_page(), name="dry-run"),
    path("admin/set-password/", SetPassword.as_view(), name="set-password"),
    path("admin/softphone/", Softphone.as_page(), name="softphone"),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

handler400 = "config.refused.bad_request"
handler403 = "config.refused.forbidden"
handler404 = "config.refused.not_found"
handler500 = "config.api.errors.server_error"
