"""`hptc diff` of a large project with few changes against compiling twice as many specs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import change_specs, commit, write_project
from benchmarks.measure import compare, hptc
from benchmarks.rows import Row
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace

SPECS, SHORT_SPECS = 500, 20
CHANGED, SHORT_CHANGED = 5, 2
ROUNDS, SHORT_ROUNDS = 5, 1


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """With the changed specs only, then with a change in hptc.yaml, which affects every spec."""
    count, changed = (SHORT_SPECS, SHORT_CHANGED) if is_short else (SPECS, CHANGED)
    rounds = SHORT_ROUNDS if is_short else ROUNDS
    many, project = folder / "many", folder / "project"
    write_project(many, 2 * count)
    paths = write_project(project, count)
    commit(project)
    change_specs(paths, changed)

    def diff() -> None:
        review = json.loads(
            hptc("diff", str(project), "--env", "dev", "--against", "HEAD", "--format", "json")
        )
        assert len(review["specs"]) == changed, f"{len(review['specs'])} specs changed"

    def compile_all() -> None:
        assert len(compile_paths([str(many)], Workspace())) == 2 * count

    claim = f"diff of {count} specs, {changed} changed / compile {2 * count:,} specs"
    yield compare(claim, diff, compile_all, rounds=rounds, aim=1.2)
    file = project / "hptc.yaml"
    file.write_text(file.read_text("utf-8").replace("trials: 40", "trials: 41"), "utf-8")
    yield compare("  hptc.yaml changed too", diff, compile_all, rounds=rounds, aim=1.2)
