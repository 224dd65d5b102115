"""A cold `hptc check one.yaml` against a process that only imports what it depends on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.corpus import write_project
from benchmarks.measure import compare, python
from benchmarks.rows import Row

ROUNDS, SHORT_ROUNDS = 15, 1
FLOOR = """
import click, yaml
from pydantic import BaseModel
class Model(BaseModel):
    x: int
"""


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Both processes have their bytecode, and neither looks for plugins of Pydantic."""
    (path,) = write_project(folder, 1)
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    check = partial(python, "-m", "hptc", "check", str(path), environment=environment)
    floor = partial(python, "-c", FLOOR, environment=environment)
    for run_once in (check, floor):
        run_once()  # the first run writes the bytecode
    rounds = SHORT_ROUNDS if is_short else ROUNDS
    claim = "cold `hptc check one.yaml` / import yaml, click, one BaseModel"
    yield compare(claim, check, floor, rounds=rounds, aim=1.5)
