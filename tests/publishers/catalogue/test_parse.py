"""The catalogue file: every scalar is text, and YAML beyond plain data is refused."""

import pytest

from publishers.catalogue import UnusableFile, parse_file
from publishers.catalogue.parse import Listing, Mapping, Text


def problems(text: str) -> list[str]:
    with pytest.raises(UnusableFile) as refusal:
        parse_file(text)
    return refusal.value.problems


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
def test_an_unquoted_scalar_stays_what_it_looks_like(written: str) -> None:
    assert parse_file(f"name: {written}").pairs["name"] == Text(written, 1)


def test_quotes_are_remembered() -> None:
    assert parse_file('name: "null"').pairs["name"] == Text("null", 1, plain=False)


def test_nodes_know_their_lines() -> None:
    root = parse_file("a:\n  - b\n  - {c: d}\n")
    inner = Mapping({"c": Text("d", 3)}, 3, {"c": 3})
    assert root == Mapping({"a": Listing([Text("b", 2), inner], 2)}, 1, {"a": 1})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: the file is empty"),
        ("# nothing\n", "line 1: the file is empty"),
        ("- a\n", "line 1: the file must begin with names like company: and campaigns:"),
        ("a: 1\n\tb: 2\n", "line 2: a tab; YAML is indented with spaces"),
        ("a: 1\nb: 2\na: 3\n", "line 3: a again; it stands on line 1 already"),
        ("a: &x 1\n", "line 1: anchors and aliases (& and *) are not understood; write it out"),
        ("a: 1\nb: *x\n", "line 2: anchors and aliases (& and *) are not understood; write it out"),
        (
            "a: !!python/name:os.system x\n",
            "line 1: YAML tags (tag:yaml.org,2002:python/name:os.system) are not understood",
        ),
        ("a: 1\n---\nb: 2\n", "line 2: a second document; a file holds one"),
        ("a: 1\n? [b]\n: c\n", "line 2: a name must be a text"),
        ("a: 1\nb: \x00\n", "line 2: a control character"),
        ("a: 1\nb: \ud800\n", "line 2: a control character"),
        ('a: 1\nb: "\\0"\n', "line 2: a text with a character that no database keeps"),
        ("a: " + "[" * 30 + "]" * 30, "line 1: nested more than 20 deep"),
    ],
)
def test_what_is_no_plain_mapping_is_refused(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_broken_yaml_is_told_with_its_line() -> None:
    assert problems("a: 1\nb: [1, 2\nc: 3\n")[0].startswith("line 3: ")


def test_a_billion_laughs_end_at_the_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems(bomb) == [
        "line 1: anchors and aliases (& and *) are not understood; write it out"
    ]
