"""Clients of the admin: logged-in users, and the form data that a browser sends."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from django import forms
from django.contrib.auth.models import User
from django.db import connection
from django.template import Template
from django.template.context import make_context
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.test.signals import template_rendered

from campaigns.models import Company, Member


def browser(company: Company | None = None, role: str = Member.Role.OWNER) -> Client:
    """Return a client of a new user with this role; without a company, of a superuser."""
    name = f"person{User.objects.count()}"
    user = User.objects.create_user(name, is_staff=True, is_superuser=company is None)
    if company is not None:
        Member.objects.create(company=company, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def page_context(client: Client, url: str, query: dict[str, Any] | None = None) -> Any:
    """Return the context of a page without rendering it, which takes most of a request's time."""
    with unrendered():
        return client.get(url, query).context


def unrendered() -> AbstractContextManager[Any]:
    """Answer requests without rendering the pages; their contexts are there all the same."""
    return mock.patch.object(SimpleTemplateResponse, "rendered_content", property(_send_context))


def _send_context(response: Any) -> str:
    context = make_context(
        response.resolve_context(response.context_data), response._request, autoescape=True
    )
    template_rendered.send(sender=Template, template=Template(""), context=context)
    return ""


def form_data(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """Return the data that the page's forms send, with these changes."""
    return data_of(page_context(client, url)) | changes


def data_of(context: Any) -> dict[str, Any]:
    """Return the data that the forms of a page with this context send."""
    data = _values([context["adminform"].form])
    for inline in context["inline_admin_formsets"]:
        data |= _values([inline.formset.management_form, *inline.formset.forms])
    return data


def _values(shown: Iterable[forms.BaseForm]) -> dict[str, Any]:
    bound = [field for form in shown for field in form]
    hidden = {
        field.html_initial_name: _hidden(field.value())
        for field in bound
        if field.field.show_hidden_initial
    }
    return hidden | {
        field.html_name: _sent(field)
        for field in bound
        if field.value() is not None and field.value() is not False
    }


def _hidden(value: Any) -> Any:
    return "" if value is None else value if isinstance(value, list) else str(value)


def _sent(field: Any) -> Any:
    value = field.value()
    return "on" if value is True else value if isinstance(value, list) else str(value)


def post_errors(client: Client, url: str, data: dict[str, Any]) -> list[str]:
    """Post a form; return the errors of the page, none when it was saved."""
    response = client.post(url, data)
    if response.status_code == 302:
        return []
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    errors = [
        *response.context["adminform"].form.errors.values(),
        *(one for each in formsets for row in each.errors for one in row.values()),
    ]
    errors += [each.non_form_errors() for each in formsets]
    return [str(text) for group in errors for text in group]


def list_rows(client: Client, url: str) -> list[Any]:
    """Return the rows of a list page."""
    return list(page_context(client, url)["cl"].result_list)


def during_save(happens: Callable[[], Any]) -> AbstractContextManager[None]:
    """Run `happens` after a page has read its row and before it writes it."""
    left = [happens]

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        if "campaigns_catalogueversion" in sql and left:
            left.pop()()
        return run(sql, *rest)

    return connection.execute_wrapper(execute)
