"""The API description, offline: `/api/schema` (OpenAPI 3.1), `/api/docs` and `/api/redoc`."""

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.negotiation import DefaultContentNegotiation


class Schema(SpectacularAPIView):
    """JSON, or YAML by `.yaml`, `?format=yaml` or `Accept`."""

    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
    ]


class SchemaYAML(Schema):
    renderer_classes = [OpenApiYamlRenderer2, OpenApiYamlRenderer]


class Swagger(SpectacularSwaggerSplitView):
    """The split view: it has no inline script, which the page's policy would block."""

    content_negotiation_class = DefaultContentNegotiation


class Redoc(SpectacularRedocView):
    """With our own template: the packaged one loads fonts from another host."""

    content_negotiation_class = DefaultContentNegotiation
    template_name = "api/redoc.html"
