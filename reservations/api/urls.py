"""Paths of the reserving APIs, each with and without an extension."""

from django.urls import path

from .rtb import ConfirmRTB, CreateRTB

urlpatterns = [
    path("rtbs", CreateRTB.as_view(), name="create-rtb"),
    path("rtbs.<str:format>", CreateRTB.as_view()),
    path("rtbs/<str:uuid>.<str:format>", ConfirmRTB.as_view()),
    path("rtbs/<str:uuid>", ConfirmRTB.as_view(), name="confirm-rtb"),
]
