"""Paths of data writing, each with and without an extension."""

from django.urls import path

from .data_writing import WriteData, WriteDataByPath

urlpatterns = [
    path("data_writing", WriteData.as_view(), name="data-writing"),
    path("data_writing.<str:format>", WriteData.as_view()),
    path("data_writing/<str:key>.<str:format>", WriteDataByPath.as_view()),
    path("data_writing/<str:key>", WriteDataByPath.as_view(), name="data-writing-by-path"),
]
