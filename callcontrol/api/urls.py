"""Paths of the calls."""

from collections.abc import Iterable, Iterator

from django.urls import URLPattern, path
from rest_framework.views import APIView

from callcontrol.control.actions.base import Action
from callcontrol.control.registry import all_actions

from .call_control import ActiveCalls, ConferenceCaller, OneTransfer, by_link, by_uuid
from .calls import Calls, OneCall
from .conversions import Conversions
from .simulator import SimulatorCall, SimulatorCalls, SimulatorHangUp, SimulatorLeg


def paths_of(actions: Iterable[type[Action]]) -> Iterator[URLPattern]:
    """Where each action is done: at a call's UUID, and, of those that may be, as a plain link of a buyer or a group."""
    for action in actions:
        yield from _both(f"call_control/v1/calls/<str:call_uuid>/{action.slug}", by_uuid(action))
        if action.by_link:
            link = by_link(action)
            yield from _both(f"buyer_groups/<str:group_id>/call_control/{action.slug}", link)
            yield from _both(f"buyers/<str:buyer_id>/call_control/{action.slug}", link)


def _both(address: str, view: type[APIView]) -> Iterator[URLPattern]:
    """With an extension, and without."""
    yield path(f"{address}.<str:format>", view.as_view())
    yield path(address, view.as_view())


urlpatterns = [
    path("calls", Calls.as_view(), name="calls"),
    path("calls.<str:format>", Calls.as_view()),
    path("calls/<str:call_uuid>.<str:format>", OneCall.as_view()),
    path("calls/<str:call_uuid>", OneCall.as_view(), name="call"),
    path("api/v1/calls", Calls.as_view()),
    path("api/v1/calls.<str:format>", Calls.as_view()),
    path("api/v1/calls/<str:call_uuid>.<str:format>", OneCall.as_view()),
    path("api/v1/calls/<str:call_uuid>", OneCall.as_view()),
    path("simulator/calls", SimulatorCalls.as_view(), name="simulator-calls"),
    path("simulator/calls.<str:format>", SimulatorCalls.as_view()),
    path("simulator/calls/<str:call_uuid>/hang-up.<str:format>", SimulatorHangUp.as_view()),
    path(
        "simulator/calls/<str:call_uuid>/hang-up",
        SimulatorHangUp.as_view(),
        name="simulator-hang-up",
    ),
    path("simulator/calls/<str:call_uuid>.<str:format>", SimulatorCall.as_view()),
    path("simulator/calls/<str:call_uuid>", SimulatorCall.as_view(), name="simulator-call"),
    path("simulator/legs/<str:leg_uuid>/<str:act>.<str:format>", SimulatorLeg.as_view()),
    path("simulator/legs/<str:leg_uuid>/<str:act>", SimulatorLeg.as_view(), name="simulator-leg"),
    *_both("conversions", Conversions),
    *_both("call_control/v1/active_calls", ActiveCalls),
    *paths_of(all_actions()),
    *_both("call_control/v1/transfers/<str:uuid>/conference_caller", ConferenceCaller),
    *_both("call_control/v1/transfers/<str:uuid>", OneTransfer),
]
