"""The product described by itself, offline: `/api/schema` (OpenAPI 3.1), `/api/docs` (Swagger) and `/api/redoc`."""

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
    """JSON unless YAML is asked for, by `.yaml`, by `?format=yaml` or by `Accept`."""

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
    """The split one asks for no inline script, which the policy of the page would stop."""

    content_negotiation_class = DefaultContentNegotiation


class Redoc(SpectacularRedocView):
    """With a page of our own: the one that is shipped loads its letters from elsewhere."""

    content_negotiation_class = DefaultContentNegotiation
    template_name = "api/redoc.html"
