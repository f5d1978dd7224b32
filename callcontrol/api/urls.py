"""Paths of the calls."""

from django.urls import path

from .simulator import SimulatorCall, SimulatorCalls

urlpatterns = [
    path("simulator/calls", SimulatorCalls.as_view(), name="simulator-calls"),
    path("simulator/calls.<str:format>", SimulatorCalls.as_view()),
    path("simulator/calls/<str:call_uuid>.<str:format>", SimulatorCall.as_view()),
    path("simulator/calls/<str:call_uuid>", SimulatorCall.as_view(), name="simulator-call"),
]
