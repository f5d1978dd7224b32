"""Paths of the calls."""

from collections.abc import Iterable

from django.urls import URLPattern, URLResolver

from callcontrol.control.actions.base import Action
from callcontrol.control.registry import all_actions
from config.http.routers import ApiRouter

from .call_control import (
    ActiveCallViewSet,
    BuyerLinkViewSet,
    GroupLinkViewSet,
    HandledCallViewSet,
    with_actions,
)
from .calls import CallViewSet
from .conversions import ConversionViewSet
from .simulator import SimulatedCallViewSet, SimulatedLegViewSet
from .transfers import TransferViewSet

router = ApiRouter()
router.register("calls", CallViewSet, basename="call")
router.register("api/v1/calls", CallViewSet, basename="v1-call")
router.register("conversions", ConversionViewSet, basename="conversion")
router.register("call_control/v1/active_calls", ActiveCallViewSet, basename="active-call")
router.register("call_control/v1/transfers", TransferViewSet, basename="transfer")
router.register("simulator/calls", SimulatedCallViewSet, basename="simulated-call")
router.register("simulator/legs", SimulatedLegViewSet, basename="simulated-leg")


def action_urls(actions: Iterable[type[Action]]) -> list[URLPattern | URLResolver]:
    """Return the paths of actions: at a call's UUID, and as plain links of a buyer or a group."""
    actions = list(actions)
    links = [action for action in actions if action.by_link]
    of_actions = ApiRouter()
    of_actions.register(
        "call_control/v1/calls", with_actions(HandledCallViewSet, actions), basename="handled-call"
    )
    of_actions.register("buyers", with_actions(BuyerLinkViewSet, links), basename="buyer-link")
    of_actions.register(
        "buyer_groups", with_actions(GroupLinkViewSet, links), basename="group-link"
    )
    return of_actions.urls


urlpatterns = [*router.urls, *action_urls(all_actions())]
