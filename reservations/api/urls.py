"""Paths of the reserving APIs, each with and without an extension."""

from django.urls import path

from .call_reservations import CreateCallReservation
from .rtb import ConfirmRTB, CreateRTB

urlpatterns = [
    path("call_reservations", CreateCallReservation.as_view(), name="create-call-reservation"),
    path("call_reservations.<str:format>", CreateCallReservation.as_view()),
    path("rtbs", CreateRTB.as_view(), name="create-rtb"),
    path("rtbs.<str:format>", CreateRTB.as_view()),
    path("rtbs/<str:uuid>.<str:format>", ConfirmRTB.as_view()),
    path("rtbs/<str:uuid>", ConfirmRTB.as_view(), name="confirm-rtb"),
]
