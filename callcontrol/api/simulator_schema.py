"""API description of the simulator."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from callcontrol.simulation.phones import PHONE_ACTIONS
from config.http.openapi import error_schema, error_schemas

from .simulator_serializers import ActSerializer, DialSerializer, SimulatedCallSerializer

# drf-spectacular takes what goes into `security`; its annotation says less.
_TOKEN: Any = [{"simulatorToken": []}]
_UUID = OpenApiParameter("call_uuid", str, OpenApiParameter.PATH)

simulate_call = extend_schema(
    operation_id="simulator_dial",
    summary="A caller dials",
    tags=["Simulator"],
    request=DialSerializer,
    responses={
        201: SimulatedCallSerializer,
        404: error_schema("The number is not of this installation."),
        **error_schemas(400, 401, 405, 406, 413, 415, 422),
    },
    auth=_TOKEN,
)
show_simulated_call = extend_schema(
    operation_id="simulator_show",
    summary="A call as it is",
    tags=["Simulator"],
    parameters=[_UUID],
    responses={
        200: SimulatedCallSerializer,
        404: error_schema("There is no such call."),
        **error_schemas(401, 406),
    },
    auth=_TOKEN,
)
_ACTED = {200: SimulatedCallSerializer, **error_schemas(400, 401, 405, 406, 413, 415, 422)}
hang_up_simulated_call = extend_schema(
    operation_id="simulator_hang_up",
    summary="The caller hangs up",
    tags=["Simulator"],
    parameters=[_UUID],
    request=ActSerializer,
    responses={**_ACTED, 404: error_schema("There is no such call.")},
    auth=_TOKEN,
)
act_on_simulated_leg = extend_schema(
    operation_id="simulator_act",
    summary="A party answers, does not answer, or hangs up",
    description=(
        "What makes no sense on a line, or was done already, changes nothing; the answer is the"
        " call as it is."
    ),
    tags=["Simulator"],
    parameters=[
        OpenApiParameter("leg_uuid", str, OpenApiParameter.PATH),
        OpenApiParameter("act", str, OpenApiParameter.PATH, enum=PHONE_ACTIONS),
    ],
    request=ActSerializer,
    responses={**_ACTED, 404: error_schema("There is no such leg.")},
    auth=_TOKEN,
)
