"""The catalogue file: every scalar is text, and YAML beyond plain data is refused."""

import pytest

from publishers.catalogue import UnusableFile, parse_file
from publishers.catalogue.parse import Listing, Mapping, Text


def problems(text: str) -> list[str]:
    with pytest.raises(UnusableFile) as error:
        parse_file(text)
    return error.value.problems


@pytest.mark.parametrize(
    "written",
    [
        "00123456",
        "17:00",
        "1e3",
        "yes",
        "+14165550101",
        "null",
        "~",
        "0x1F",
        "2026-12-24",
        "1_000",
        ".inf",
    ],
)
def test_an_unquoted_scalar_stays_text(written: str) -> None:
    assert parse_file(f"name: {written}").pairs["name"] == Text(written, 1)


def test_a_quoted_scalar_is_not_plain() -> None:
    assert parse_file('name: "null"').pairs["name"] == Text("null", 1, plain=False)


def test_nodes_have_their_lines() -> None:
    root = parse_file("a:\n  - b\n  - {c: d}\n")
    inner = Mapping({"c": Text("d", 3)}, 3, {"c": 3})
    assert root == Mapping({"a": Listing([Text("b", 2), inner], 2)}, 1, {"a": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1: The file is empty."),
        ("# nothing\n", "line 1: The file is empty."),
        ("- a\n", "line 1: Start the file with sections such as company: and campaigns:."),
        ("a: 1\n\tb: 2\n", "line 2: Indent with spaces, not with tabs."),
        ("a: 1\nb: 2\na: 3\n", "line 3: Duplicate a: it is already on line 1."),
        ("a: &x 1\n", "line 1: Anchors and aliases (& and *) are not supported."),
        ("a: 1\nb: *x\n", "line 2: Anchors and aliases (& and *) are not supported."),
        (
            "a: !!python/name:os.system x\n",
            "line 1: YAML tags (tag:yaml.org,2002:python/name:os.system) are not supported. Remove the tag.",
        ),
        ("a: 1\n---\nb: 2\n", "line 2: A file holds one document. Remove the second."),
        ("a: 1\n? [b]\n: c\n", "line 2: A name must be text."),
        ("a: 1\nb: \x00\n", "line 2: Remove the control character."),
        ("a: 1\nb: \ud800\n", "line 2: Remove the control character."),
        ('a: 1\nb: "\\0"\n', "line 2: Remove the character that the database cannot store."),
        ("a: " + "[" * 30 + "]" * 30, "line 1: Nested more than 20 levels deep."),
    ],
)
def test_anything_but_a_plain_mapping_is_refused(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_the_error_of_broken_yaml_has_its_line() -> None:
    assert problems("a: 1\nb: [1, 2\nc: 3\n")[0].startswith("line 3: ")


def test_a_billion_laughs_attack_is_refused_at_the_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems(bomb) == ["line 1: Anchors and aliases (& and *) are not supported."]
