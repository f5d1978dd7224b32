"""Every address of the installation."""

urlpatterns: list[object] = []
