"""The Content-Security-Policy of each path."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.auth import csp


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/rtbs.json", csp.STRICT),
        ("/admin/login/", csp.ADMIN),
        ("/api/docs", csp.DOCS),
        ("/administrator", csp.STRICT),
    ],
)
def test_each_path_has_its_policy(path: str, policy: str) -> None:
    response = csp.ContentSecurityPolicy(lambda _: HttpResponse())(RequestFactory().get(path))
    assert response.headers["Content-Security-Policy"] == policy


def test_only_the_admin_may_evaluate_expressions() -> None:
    allowed = ["unsafe-eval" in policy for policy in (csp.ADMIN, csp.STRICT, csp.DOCS)]
    assert allowed == [True, False, False]


def test_a_view_keeps_its_own_policy() -> None:
    own = {"Content-Security-Policy": "default-src 'none'"}
    response = csp.ContentSecurityPolicy(lambda _: HttpResponse(headers=own))(
        RequestFactory().get("/")
    )
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"
