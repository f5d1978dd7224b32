"""The contract of call-control actions, run over each action."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from callcontrol.control import registry
from callcontrol.control.actions.base import Action
from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.keys.types import key_type_of
from publishers.models import Key, LogEntry
from tests.callcontrol.call_center import THIRD, WORDS, arrive, do, handler_key, leave, talk
from tests.factories import make_market

pytestmark = pytest.mark.django_db
ACTIONS = registry.all_actions()
SAID = {"transfer_to": THIRD}


def over(campaign: Campaign) -> Call:
    call = talk(campaign)
    leave(call, "caller")
    return call


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return handler_key(Buyer.objects.get(buyer_id="b1"))


def path_of(action: type[Action]) -> str:
    return f"/call_control/v1/calls/{{call_uuid}}/{action.slug}"


def faults(described: dict[str, Any], action: type[Action], answer: Any) -> list[str]:
    """Return the differences between an answer and its description."""
    responses = described["paths"][path_of(action)]["post"]["responses"]
    media = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
    closed = {**media, "components": described["components"]}
    return [
        error.message
        for error in Draft202012Validator(closed, format_checker=FormatChecker()).iter_errors(
            answer.json()
        )
    ]


def test_action_slugs_are_unique() -> None:
    assert len({action.slug for action in ACTIONS} | {registry.LISTING}) == len(ACTIONS) + 1


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.slug)
class TestEveryAction:
    def test_its_word_is_a_part_of_a_path_and_a_choice_for_a_key(
        self, action: type[Action]
    ) -> None:
        choices = [word for word, _ in key_type_of("call_control").fields["actions"].choices]  # type: ignore[attr-defined]
        assert (re.fullmatch("[a-z]+(_[a-z]+)*", action.slug) is not None) is True
        assert choices.count(action.slug) == 1

    def test_it_is_described_with_its_parameters_and_errors(
        self, action: type[Action], described: dict[str, Any]
    ) -> None:
        operation = described["paths"][path_of(action)]["post"]
        [body] = {
            media["schema"]["$ref"].rpartition("/")[2]
            for media in operation["requestBody"]["content"].values()
        }
        asked = set(described["components"]["schemas"][body]["properties"])
        told = operation["responses"]["422"]["description"]
        assert operation["summary"] == action.summary
        assert asked == {"api_key", *action.parameters}
        assert [text for text in action.errors if text not in told] == []

    @pytest.mark.parametrize("make", [arrive, talk, over], ids=["ringing", "picked up", "over"])
    def test_it_succeeds_or_returns_a_described_error(
        self,
        action: type[Action],
        make: Callable[[Campaign], Call],
        campaign: Campaign,
        key: Key,
        described: dict[str, Any],
    ) -> None:
        answer = do(action.slug, make(campaign), key, SAID)
        members = answer.json()
        if answer.status_code == 200:
            assert list(members) == ["success", *action.answers]
        else:
            assert (answer.status_code, members["error"] in action.errors) == (422, True), members
        assert members["success"] == (answer.status_code == 200)
        assert faults(described, action, answer) == []

    def test_a_key_without_its_word_looks_like_an_unknown_call(
        self, action: type[Action], campaign: Campaign, key: Key
    ) -> None:
        without = handler_key(
            Buyer.objects.get(buyer_id="b1"), *(word for word in WORDS if word != action.slug)
        )
        answers = [
            do(action.slug, talk(campaign), without, SAID),
            do(action.slug, str(uuid4()), key, SAID),
        ]
        assert {
            (answer.status_code, answer.content, str(answer.headers)) for answer in answers
        } == {(401, b'{"success":false,"error":"not authorized"}', str(answers[0].headers))}

    def test_another_buyers_call_stays_as_it_is(
        self, action: type[Action], campaign: Campaign
    ) -> None:
        call, others = talk(campaign), handler_key(Buyer.objects.get(buyer_id="b2"))
        before = list(call.events.values("kind", "detail"))
        assert do(action.slug, call, others, SAID).status_code == 401
        assert list(call.events.values("kind", "detail")) == before

    @pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_it_answers_to_post_alone(
        self, action: type[Action], campaign: Campaign, key: Key, verb: str
    ) -> None:
        call = talk(campaign)
        before = call.events.count()
        answer = Client().generic(
            verb, f"{path_of(action).format(call_uuid=call.pk)}?api_key={key.key}"
        )
        assert answer.status_code == 405
        assert answer["Allow"] == "POST"
        assert call.events.count() == before

    def test_each_request_is_one_row_that_names_the_call(
        self, action: type[Action], campaign: Campaign, key: Key
    ) -> None:
        call = talk(campaign)
        answers = [do(action.slug, call, key, SAID) for _ in range(2)]
        rows = LogEntry.objects.order_by("id").values_list("status", "call_uuid", "key_pk")
        assert list(rows) == [(answer.status_code, call.pk, key.pk) for answer in answers]

    def test_a_repeat_with_an_idempotency_key_is_the_first_answer(
        self, action: type[Action], campaign: Campaign, key: Key
    ) -> None:
        call = talk(campaign)
        first, second = (
            do(action.slug, call, key, SAID, headers={"Idempotency-Key": "once"}) for _ in range(2)
        )
        assert second.status_code == first.status_code
        assert second.content == first.content
        assert second["Idempotency-Replayed"] == "true"

    @pytest.mark.parametrize("owner", ["buyers", "buyer_groups"])
    def test_it_is_a_plain_link_if_it_says_so(self, action: type[Action], owner: str) -> None:
        try:
            resolve(f"/{owner}/b1/call_control/{action.slug}")
        except Resolver404:
            assert not action.by_link
        else:
            assert action.by_link
