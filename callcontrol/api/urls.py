"""Paths of the calls."""

from django.urls import path

from .calls import Calls, OneCall
from .simulator import SimulatorCall, SimulatorCalls

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
    path("simulator/calls/<str:call_uuid>.<str:format>", SimulatorCall.as_view()),
    path("simulator/calls/<str:call_uuid>", SimulatorCall.as_view(), name="simulator-call"),
]
