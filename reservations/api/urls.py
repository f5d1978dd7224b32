"""Paths of the reserving APIs."""

from config.http.routers import ApiRouter

from .call_reservations import CallReservationViewSet
from .rtb import RTBViewSet

router = ApiRouter()
router.register("call_reservations", CallReservationViewSet, basename="call-reservation")
router.register("rtbs", RTBViewSet, basename="rtb")

urlpatterns = router.urls
