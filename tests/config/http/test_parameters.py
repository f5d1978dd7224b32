"""Parameters: query, body and path merged, checked, and split into reserved names and tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.http.errors import ApiError
from config.http.parameters import RESERVED, Parameters, gather, merge

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def of_query(query: str) -> Parameters:
    return merge(query, [], {})


def refusal_of(parameters: Parameters) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        parameters.tags()
    return refusal.value.status, refusal.value.text


# --- merging --------------------------------------------------------------------------------------
def test_path_over_query_over_body() -> None:
    body = [("a", "body"), ("b", "body"), ("c", "body")]
    assert merge("a=query&b=query", body, {"a": "path"}) == {"a": "path", "b": "query", "c": "body"}


def test_of_a_repeated_parameter_the_last() -> None:
    assert merge("a=1&a=2", [("b", "1"), ("b", "2")], {}) == {"b": "2", "a": "2"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1;2", {"a": "1;2"}),
        ("a=&b", {"a": "", "b": ""}),
        ("name=Zo%C3%AB", {"name": "Zoë"}),
        ("name=Zo\xc3\xab", {"name": "Zoë"}),
        ("a=%zz&", {"a": "%zz"}),
        ("=x", {"": "x"}),
        ("", {}),
    ],
)
def test_a_query_is_read(query: str, expected: dict[str, str]) -> None:
    assert of_query(query) == expected


@pytest.mark.parametrize("blank", ["", " ", "undefined", "null"])
def test_an_unsent_number_hides_no_other(blank: str) -> None:
    assert (
        merge(f"caller_number={blank}", [("caller_number", "12025550102")], {}).number_text(
            "caller_number"
        )
        == "12025550102"
    )


def test_a_blank_key_hides_no_other() -> None:
    assert of_query("key=abc&key=").key() == "abc"


def test_a_blank_tag_does_hide_another() -> None:
    assert merge("zip=", [("zip", "90210")], {}).tags() == {"zip": ""}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("a=%00", []),
        ("a%00=1", []),
        ("a=%ff", []),
        ("a=\xff", []),
        ("a=%ED%A0%80", []),
        ("", [("a", "\0")]),
        ("", [("a", "\ud800")]),
        ("", [("\udfff", "")]),
        ("caller_number=1%00", []),
    ],
)
def test_text_that_no_database_can_keep(query: str, body: list[tuple[str, str]]) -> None:
    with pytest.raises(ApiError) as refusal:
        merge(query, body, {})
    expected = (422, "a parameter holds a NUL character, or bytes that are not UTF-8")
    assert (refusal.value.status, refusal.value.text) == expected


@pytest.mark.parametrize("name", ["a%0A", "%1F", "a%7F", "a%C2%85"])
def test_control_characters_in_names(name: str) -> None:
    with pytest.raises(ApiError) as refusal:
        of_query(f"{name}=1")
    assert refusal.value.status == 422
    assert refusal.value.text == "a parameter's name holds a control character"


def test_control_characters_in_values_are_kept() -> None:
    assert of_query("a=1%0A2%09&%C2%A0=x") == {"a": "1\n2\t", "\xa0": "x"}


def test_the_key_of_a_request_that_will_be_refused() -> None:
    assert gather("key=abc&a=%ff%00", [], {}).key() == "abc"


# --- reserved -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("status=confirmed", "confirmed"),
        ("status=", None),
        ("status=%20", None),
        ("", None),
        ("status=undefined", "undefined"),
    ],
)
def test_a_blank_parameter_is_not_sent(query: str, value: str | None) -> None:
    assert of_query(query).value("status") == value


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("caller_number=+12025550102", "+12025550102"),
        ("caller_number=%2B12025550102", "+12025550102"),
        ("caller_number=12025550102", "12025550102"),
        ("caller_number=+1+(202)+555-0102", "+1 (202) 555-0102"),
        ("caller_number=+(202)+555-0102", "(202) 555-0102"),
        ("caller_number=%0912025550102%0A", "12025550102"),
        ("caller_number=sip:a@example.com", "sip:a@example.com"),
        ("caller_number=anonymous", "anonymous"),
        ("caller_number=", None),
        ("caller_number=+", None),
        ("caller_number=undefined", None),
        ("caller_number=NULL", None),
        ("", None),
    ],
)
def test_a_number_as_it_was_meant(query: str, number: str | None) -> None:
    assert of_query(query).number_text("caller_number") == number


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("key=a&api_key=b", "a"),
        ("key=&api_key=b", "b"),
        ("api_key=b", "b"),
        ("key=%20", None),
        ("", None),
    ],
)
def test_the_key(query: str, key: str | None) -> None:
    assert of_query(query).key() == key


def test_the_key_by_another_order_of_names() -> None:
    assert of_query("key=a&api_key=b").key(("api_key", "key")) == "b"


@pytest.mark.parametrize(
    ("query", "publisher"),
    [
        ("publisher_id=alpha", "alpha"),
        ("source_id=alpha", "alpha"),
        ("affiliate_id=alpha", "alpha"),
        ("publisher_id=&affiliate_id=alpha", "alpha"),
        ("publisher_id=alpha&source_id=alpha", "alpha"),
        ("affiliate_id=", None),
        ("", None),
    ],
)
def test_the_publisher_under_any_name(query: str, publisher: str | None) -> None:
    assert of_query(query).publisher() == publisher


def test_publishers_that_contradict_each_other() -> None:
    with pytest.raises(ApiError) as refusal:
        of_query("publisher_id=alpha&affiliate_id=beta").publisher()
    expected = (422, "publisher_id, source_id, affiliate_id contradict each other")
    assert (refusal.value.status, refusal.value.text) == expected


# --- tags -----------------------------------------------------------------------------------------
def test_what_is_reserved() -> None:
    names = (
        "key api_key company_id caller_number call_uuid inbound_number publisher_id source_id"
        " affiliate_id format"
    )
    assert sorted(RESERVED) == sorted([*names.split(), "controller", "action", "utf8"])


def test_a_reserved_parameter_is_no_tag() -> None:
    assert merge("&".join(f"{name}=x" for name in RESERVED), [("0", ""), ("", "x")], {}).tags() == {
        "0": ""
    }


def test_more_may_be_reserved() -> None:
    assert of_query("status=confirmed&zip=1").tags(frozenset({"status"})) == {"zip": "1"}


def test_tags_at_the_limits() -> None:
    tags = {f"{i:100}": "x" * 1_000 for i in range(100)}
    assert Parameters({**tags, "key": "k" * 2_000}).tags() == tags


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({str(i): "" for i in range(101)}, "at most 100 tags in a request, these are 101"),
        ({"n" * 101: ""}, f"a tag's name has at most 100 characters: {'n' * 40}…"),
        ({"notes": "x" * 1_001}, "a tag's value has at most 1000 characters: notes"),
        ({"n" * 60: "x" * 1_001}, f"a tag's value has at most 1000 characters: {'n' * 40}…"),
    ],
)
def test_tags_past_a_limit(tags: dict[str, str], text: str) -> None:
    assert refusal_of(Parameters(tags)) == (422, text)


# --- the log --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("key", "f38240dd-7f65-4e17-a4d7-2e09ccafad0e", "…ad0e"),
        ("api_key", "woofwoofwoof", "…woof"),
        ("company_id", "company-1", "…ny-1"),
        ("sip_password", "hunter22", "…er22"),
        ("API_KEY", "woofwoofwoof", "…woof"),
        ("X-Api-Key", "woofwoofwoof", "…woof"),
        ("access_token", "woofwoofwoof", "…woof"),
        ("client_secret", "woofwoofwoof", "…woof"),
        ("key", "1234", "…"),
        ("key", "", ""),
        ("caller_number", "+12025550102", "+12025550102"),
        ("monkey", "see", "see"),
        ("zip", "a\0b\ud800é", "a\ufffdb?é"),
    ],
)
def test_secrets_are_masked(name: str, text: str, shown: str) -> None:
    assert Parameters({name: text}).masked() == {name: shown}


# --- all of it ------------------------------------------------------------------------------------
@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT)), st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_no_text_is_more_than_refused(
    query: str, body: list[tuple[str, str]], path: dict[str, str]
) -> None:
    try:
        parameters = merge(query, body, path)
        tags = parameters.tags()
        parameters.publisher()
    except ApiError as refusal:
        assert refusal.status == 422  # noqa: PT017 - both ends are fine, a crash is not
    else:
        assert tags.items() <= parameters.items()


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT)))
def test_any_request_can_be_logged(query: str, body: list[tuple[str, str]]) -> None:
    masked = gather(query, body, {}).masked()
    text = "".join([*masked, *masked.values()])
    assert ("\0" in text) is False
    assert text.encode().decode() == text


@given(st.sampled_from(["caller_number", "inbound_number", "key"]), ANY_TEXT)
def test_any_text_is_a_number_or_none(name: str, text: str) -> None:
    parameters = Parameters({name: text})
    assert (parameters.number_text(name) or "x").strip() == (parameters.number_text(name) or "x")


@pytest.mark.parametrize(
    ("sent", "meant"), [("12025550102.0", "12025550102"), ("+12025550102.00", "+12025550102")]
)
def test_a_number_that_was_kept_as_a_float_is_the_number(sent: str, meant: str) -> None:
    assert merge("", [("caller_number", sent)], {}).number_text("caller_number") == meant
