"""XML in the field's style, out and in."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.http.errors import ApiError
from config.http.xml import HashXMLParser, write_xml

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
XML_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
)
XML_TEXT = st.text(XML_LETTERS | st.sampled_from("\t\n\r"))


def written(data: object) -> str:
    return write_xml(data).removeprefix(HEAD)


def read(document: str | bytes) -> list[tuple[str, str]]:
    raw = document.encode() if isinstance(document, str) else document
    return HashXMLParser().parse(BytesIO(raw))


def refused(document: str | bytes) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        read(document)
    return refusal.value.status, refusal.value.text


# --- out ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "element"),
    [
        ("reserved", "<a-b>reserved</a-b>"),
        ("", "<a-b></a-b>"),
        (None, '<a-b nil="true"/>'),
        (True, '<a-b type="boolean">true</a-b>'),
        (False, '<a-b type="boolean">false</a-b>'),
        (18334583385, '<a-b type="integer">18334583385</a-b>'),
        (Decimal("90.00"), '<a-b type="float">90.0</a-b>'),
        (1.5, '<a-b type="float">1.5</a-b>'),
        (
            datetime(2026, 5, 5, 6, 25, 8, 295_000, UTC),
            '<a-b type="datetime">2026-05-05T06:25:08.295Z</a-b>',
        ),
        ("<b>&\"'</b>", "<a-b>&lt;b&gt;&amp;\"'&lt;/b&gt;</a-b>"),
        ("a\r\nb\tc", "<a-b>a&#13;\nb\tc</a-b>"),
        ("\0\x08\ud800\ufffe", "<a-b>\ufffd\ufffd\ufffd\ufffd</a-b>"),
        ({"c_d": 1}, '<a-b><c-d type="integer">1</c-d></a-b>'),
        ([], '<a-b type="array"></a-b>'),
        (["x"], '<a-b type="array"><item>x</item></a-b>'),
    ],
)
def test_an_element_of_each_type(value: object, element: str) -> None:
    assert written({"a_b": value}) == f"<hash>{element}</hash>"


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("results", "result"),
        ("matched_targets", "matched-target"),
        ("legs", "leg"),
        ("replies", "reply"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("data", "item"),
        ("class", "item"),
        ("s", "item"),
    ],
)
def test_a_list_is_repeated_singular_elements(plural: str, singular: str) -> None:
    name = plural.replace("_", "-")
    items = f"<{singular}>1</{singular}><{singular}>2</{singular}>"
    expected = f'<hash><{name} type="array">{items}</{name}></hash>'
    assert written({plural: ["1", "2"]}) == expected


def test_a_list_at_the_root() -> None:
    assert written([{"a": "b"}]) == '<hash type="array"><item><a>b</a></item></hash>'


def test_tags_are_keys_and_values() -> None:
    assert written({"tag_values": {"0": "", "<a b>": "1"}}) == (
        '<hash><tag-values type="array">'
        "<tag-value><key>0</key><value></value></tag-value>"
        "<tag-value><key>&lt;a b&gt;</key><value>1</value></tag-value>"
        "</tag-values></hash>"
    )


def test_tags_of_a_call_are_keys_and_values() -> None:
    assert (
        written({"tags": {"zip": "1"}})
        == '<hash><tags type="array"><tag><key>zip</key><value>1</value></tag></tags></hash>'
    )


def test_a_list_of_conditions_under_tag_values() -> None:
    assert written({"tag_values": [{"key": "caller_zip", "operator": "==", "value": "90210"}]}) == (
        '<hash><tag-values type="array">'
        "<tag-value><key>caller_zip</key><operator>==</operator><value>90210</value></tag-value>"
        "</tag-values></hash>"
    )


def test_a_name_that_is_no_element_name_becomes_a_member() -> None:
    assert (
        written({"<0>": "x"})
        == "<hash><member><key>&lt;0&gt;</key><value>x</value></member></hash>"
    )


@given(
    st.dictionaries(ANY_TEXT, ANY_TEXT | st.dictionaries(ANY_TEXT, ANY_TEXT) | st.lists(ANY_TEXT))
)
def test_any_text_anywhere_is_well_formed(data: dict[str, object]) -> None:
    root = fromstring(write_xml(data).encode())  # noqa: S314 - our own document
    assert root.tag == "hash"
    assert len(root) == len(data)


@given(st.dictionaries(XML_TEXT, XML_TEXT))
def test_tags_survive_a_round_trip(tags: dict[str, str]) -> None:
    assert dict(read(write_xml({"tag_values": tags}))) == tags


# --- in -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("members", "pairs"),
    [
        ("<caller-number>+12025550102</caller-number>", [("caller_number", "+12025550102")]),
        ("<caller_number>+12025550102</caller_number>", [("caller_number", "+12025550102")]),
        ('<caller-zip type="integer">02134</caller-zip>', [("caller_zip", "02134")]),
        ("<a>2026-01-02 03:04:05</a><b>1.50</b>", [("a", "2026-01-02 03:04:05"), ("b", "1.50")]),
        ('<a nil="true"/><b/>', [("b", "")]),
        ('<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>', []),
        ("<a>1</a><a>2</a>", [("a", "1"), ("a", "2")]),
        ("<a>x<!-- c --><![CDATA[<y>]]></a>", [("a", "x<y>")]),
        ("<a><b-c>1</b-c><d nil='true'/></a>", [("a", '{"b_c":"1","d":null}')]),
        ('<a type="array"><b>1</b><b>é</b></a>', [("a", '["1","é"]')]),
        ("<tags>vip</tags>", [("tags", "vip")]),
        ("<tag-values><zip>1</zip></tag-values>", [("tag_values", '{"zip":"1"}')]),
        ('<tag-values type="array"/>', []),
        ("<a>&lt;&#233;</a>", [("a", "<é")]),
    ],
)
def test_members_are_read_as_text(members: str, pairs: list[tuple[str, str]]) -> None:
    assert read(f"<hash>{members}</hash>") == pairs


def test_tags_are_read_from_keys_and_values() -> None:
    tag = "<tag-value><key>{}</key>{}</tag-value>"
    tags = (
        tag.format("a b", "<value>1</value>")
        + tag.format("c", "<value/>")
        + tag.format("d", '<value nil="true"/>')
    )
    assert read(f'<hash><tag-values type="array">{tags}</tag-values></hash>') == [
        ("a b", "1"),
        ("c", ""),
    ]


@pytest.mark.parametrize("root", ["hash", "call-reservation", "x:hash xmlns:x='urn:x'"])
def test_any_root_is_taken(root: str) -> None:
    assert read(f"<{root}><a>1</a></{root.split()[0]}>") == [("a", "1")]


@pytest.mark.parametrize(
    "document", ["<hash/>", "<hash>\n</hash>", '<?xml version="1.0"?><nil-classes type="array"/>']
)
def test_a_document_without_members_says_nothing(document: str) -> None:
    assert read(document) == []


def test_the_document_names_its_own_encoding() -> None:
    assert read(
        '<?xml version="1.0" encoding="iso-8859-1"?><hash><a>é</a></hash>'.encode("latin-1")
    ) == [("a", "é")]


def test_a_root_that_is_text_is_refused() -> None:
    assert refused("<hash>text</hash>") == (400, "unreadable body: the XML holds no members")


@pytest.mark.parametrize(
    "document",
    [
        "not xml",
        "<hash><a></hash>",
        "<hash><a>1</a></hash><hash/>",
        "<!DOCTYPE hash><hash/>",
        '<!DOCTYPE hash [<!ENTITY a "b">]><hash><a>&a;</a></hash>',
        '<!DOCTYPE hash SYSTEM "http://127.0.0.1/evil.dtd"><hash/>',
        '<!DOCTYPE hash [<!ENTITY a SYSTEM "file:///etc/passwd">]><hash><a>&a;</a></hash>',
        "<hash>&undefined;</hash>",
        "<hash><a>\x01</a></hash>",
        "<hash><a>&#0;</a></hash>",
        '<?xml version="1.0" encoding="nonsense"?><hash/>',
        '<?xml version="1.0" encoding="idna"?><hash/>',
        b"<hash>\xff</hash>",
        "<a>" * 33 + "</a>" * 33,
        "<a>" * 16_000,
    ],
)
def test_what_is_not_accepted(document: str | bytes) -> None:
    assert refused(document) == (
        400,
        "unreadable body: not well-formed XML, or XML that is not accepted",
    )


def test_thirty_two_levels_are_read() -> None:
    assert read("<a>" * 32 + "x" + "</a>" * 32) == [("a", '{"a":' * 30 + '"x"' + "}" * 30)]


def test_a_leaf_is_never_typed() -> None:
    leaf = Element("a", {"type": "integer"})
    leaf.text = "007"
    assert HashXMLParser()._xml_convert(leaf) == "007"
