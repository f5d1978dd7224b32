"""`/instructions/{token}`: posting instructions, for every holder of the link."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from publishers.instructions import links
from publishers.instructions.page import instructions_page

_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@require_safe
def posting_instructions(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the page of a live link, and the same 404 for an unknown, expired or revoked one."""
    link = links.find_live_link(token)
    if link is None:
        return TemplateResponse(
            request, "publishers/instructions/not_found.html", status=404, headers=_PRIVATE
        )
    page = instructions_page(
        key=link.key,
        publisher=link.publisher,
        former=link.former_key,
        base_url=settings.PUBLIC_BASE_URL or request.build_absolute_uri("/"),
        now=timezone.now(),
    )
    context = {"page": page, "publisher": link.publisher}
    return TemplateResponse(request, "publishers/instructions/page.html", context, headers=_PRIVATE)
