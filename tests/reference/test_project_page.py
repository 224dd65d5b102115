"""docs/hptc-yaml.md is up to date, and has every key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hptc.reference.project_page import project_page
from hptc.reference.schema import project_schema
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "hptc-yaml.md"
OF_SPECS = "PartialSpec"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(project_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == project_page(), "docs/hptc-yaml.md: `make golden`"


def keys(schema: dict[str, Any], definitions: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """The keys of a part of the schema, without those of specs."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        if name != OF_SPECS and name not in seen:
            yield from keys(definitions[name], definitions, seen | {name})
    for name, part in schema.get("properties", {}).items():
        yield name
        yield from keys(part, definitions, seen)
    for part in (*schema.get("anyOf", ()), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from keys(part, definitions, seen)


def test_the_page_has_every_key_of_the_schema() -> None:
    schema = project_schema()
    expected = set(keys(schema, schema["$defs"], set()))
    listed = set(re.findall(r"^\| `([a-z0-9_]+)` \|", project_page(), re.MULTILINE))
    assert len(expected) > 40
    assert listed == expected
