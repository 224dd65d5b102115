"""The skeleton is a valid spec with every key of the language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.reference.language import every_key
from hptc.reference.schema import spec_schema
from hptc.reference.skeleton import skeleton
from hptc.request.emission import unwrapped
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.spec.tuning_spec import SPEC_VERBATIM, parse_spec

_SCHEMA = spec_schema()
SCHEMA = Draft202012Validator(_SCHEMA)
WITHOUT_EXCLUSIONS = Draft202012Validator(
    json.loads(json.dumps(_SCHEMA), object_hook=lambda x: {} if "errorMessage" in x else x)
)
"""For the skeleton with another key, which may exclude one that is set."""
LINES = skeleton().splitlines()
PROJECT = """\
project: demo
environments:
  dev: {account: "111122223333", region: us-east-1, infrastructure: {network: managed}}
"""


def data_of(lines: list[str]) -> Any:
    document, faults = parse_document("\n".join(lines), "skeleton.yaml")
    assert faults == []
    data, faults = construct_data(document, verbatim=SPEC_VERBATIM)
    assert faults == []
    return data


def uncommented(lines: list[str]) -> list[str]:
    """Lines with their keys active; prose is unchanged."""
    return [re.sub(r"^( *)#(?! \S|$)", r"\1", line) for line in lines]


def is_commented_key(line: str) -> bool:
    return uncommented([line]) != [line]


def groups() -> Iterator[tuple[str, slice]]:
    """The lines of every commented key that is not below another one."""
    start = 0
    while start < len(LINES):
        if not is_commented_key(LINES[start]):
            start += 1
            continue
        column = LINES[start].index("#")
        end = start + 1
        while end < len(LINES) and re.match(rf" {{{column}}}#  ", LINES[end]):
            end += 1
        above = next((line for line in reversed(LINES[:start]) if re.match(r"\w", line)), "")
        yield (
            f"{above.split(':')[0]} {LINES[start].strip(' #').split(':')[0]} {start}",
            slice(start, end),
        )
        start = end


GROUPS = dict(groups())


def test_compiles_without_diagnostics(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    path = tmp_path / "skeleton.yaml"
    path.write_text(skeleton(), encoding="utf-8")
    compiled = compile_file(str(path), Workspace())
    assert compiled.diagnostics == ()
    assert isinstance(compiled, Compiled)


def test_matches_the_schema() -> None:
    assert list(SCHEMA.iter_errors(unwrapped(data_of(LINES)))) == []


@pytest.mark.parametrize("lines", GROUPS.values(), ids=GROUPS)
def test_each_commented_key_can_be_activated(lines: slice) -> None:
    changed = [*LINES[: lines.start], *uncommented(LINES[lines]), *LINES[lines.stop :]]
    data, before = data_of(changed), data_of(LINES)
    assert data != before
    if "training_jobs" in data:
        del data["training_job"]
    WITHOUT_EXCLUSIONS.validate(unwrapped(data))
    spec, findings = parse_spec(data)
    assert findings == []
    assert spec is not None


def test_has_every_key_in_the_order_of_the_name_table() -> None:
    wanted = [
        key.name
        for key in every_key()
        if not key.path.startswith("training_jobs.")  # the keys of training_job
    ]
    keys = [
        match[1] for line in uncommented(LINES) if (match := re.match(r"[ #-]*#? *(\w+):", line))
    ]
    position = 0
    for name in wanted:
        assert name in keys[position:], f"{name} is missing, or out of order"
        position = keys.index(name, position) + 1


def test_lines_fit_the_width() -> None:
    assert [line for line in LINES if len(line) > 100] == []


def test_is_deterministic() -> None:
    assert skeleton() == "\n".join(LINES) + "\n"
