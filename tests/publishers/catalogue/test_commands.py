"""The commands `apply` and `export`: files, standard input and output."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Buyer, Company
from publishers.management.commands import export as export_command
from tests.factories import make_buyer, make_company

pytestmark = pytest.mark.django_db
TEXT = 'company: {company_id: acme, name: Acme}\nbuyers:\n- {buyer_id: b1, name: Onè, number: "+14165550101"}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def output(command: Any, *args: object, **options: Any) -> str:
    out = io.StringIO()
    call_command(command, *map(str, args), stdout=out, **options)
    return out.getvalue()


def test_apply_prints_the_changes(file: Path) -> None:
    assert (
        output("apply", file)
        == "+ company acme: name Acme\n+ buyer b1: name Onè, number +14165550101\n2 changed\n"
    )


def test_apply_a_second_time(file: Path) -> None:
    output("apply", file)
    assert output("apply", file) == "nothing to change\n"


def test_apply_as_a_dry_run(file: Path) -> None:
    assert (
        output("apply", file, dry_run=True).splitlines()[-1]
        == "2 to change; nothing was changed (--dry-run)"
    )
    assert Company.objects.count() == 0


def test_apply_with_prune(file: Path) -> None:
    make_buyer(make_company(company_id="acme", name="Acme"), buyer_id="b2")
    assert output("apply", file, prune=True).splitlines()[0] == "- buyer b2"


def test_apply_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    output("apply", "-")
    assert Buyer.objects.get().name == "Onè"


def test_apply_prints_errors_and_changes_nothing(file: Path) -> None:
    file.write_text(TEXT.replace("name: Onè", "nome: Onè"), encoding="utf-8")
    with pytest.raises(CommandError) as error:
        output("apply", file)
    assert str(error.value).splitlines() == [
        "line 3: New buyer b1 needs name.",
        "line 3: Unknown field nome in buyers. Did you mean name?",
        "Nothing was changed.",
    ]


def test_apply_of_a_file_that_is_not_utf_8(file: Path) -> None:
    file.write_bytes(TEXT.encode("latin-1"))
    with pytest.raises(CommandError, match=r"^line 3: not UTF-8 text\nNothing was changed\.$"):
        output("apply", file)


def test_apply_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.yaml can't be read: No such file or directory$"):
        output("apply", tmp_path / "none.yaml")


def test_a_byte_order_mark_is_ignored(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert output("apply", file).splitlines()[-1] == "2 changed"


@pytest.mark.parametrize("named", [[], ["acme"], ["Acme"]])
def test_export_of_a_company(named: list[str]) -> None:
    make_company(company_id="acme", name="Acme")
    assert output(export_command.Command(), *named) == "company: {company_id: acme, name: Acme}\n"


def test_export_of_an_unknown_company() -> None:
    make_company(company_id="acme", name="Acme")
    with pytest.raises(CommandError, match=r"^no company Bcme; there are: Acme \(acme\)$"):
        output(export_command.Command(), "Bcme")


def test_export_needs_the_company_if_there_are_several() -> None:
    make_company(company_id="a", name="A")
    make_company(company_id="b", name="B")
    with pytest.raises(CommandError, match=r"^which company\? there are: A \(a\), B \(b\)$"):
        output(export_command.Command())
