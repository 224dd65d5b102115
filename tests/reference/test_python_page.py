"""docs/python.md has every public name of the Python API, with its members."""

from __future__ import annotations

import pytest

import hptc
from hptc.reference.python_page import python_page
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "python.md"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    page = python_page({name: getattr(hptc, name) for name in hptc.__all__})
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, "docs/python.md: `make golden`"


def test_every_public_member_is_documented() -> None:
    text = PAGE.read_text("utf-8")
    for name in hptc.__all__:
        assert f"## {name}\n" in text
        for member, value in vars(getattr(hptc, name)).items():
            if not member.startswith("_") and isinstance(value, property):
                assert f"| `{member}` | " in text, f"{name}.{member}"
    assert [line for line in text.splitlines() if line.endswith("|  |")] == []
