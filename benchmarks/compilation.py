"""check + compile of a thousand specs against reading and validating the same files."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

from yaml import CSafeLoader, compose

from benchmarks.corpus import write_project
from benchmarks.measure import Note, Row, compare
from hptc.compiler.layers import merge_layers
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.render.requests import render_request
from hptc.source.document import parse_document
from hptc.spec.tuning_spec import Spec, parse_spec

SPECS, SHORT_SPECS = 1_000, 20
ROUNDS, SHORT_ROUNDS = 5, 1


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """The floor composes YAML nodes and runs Pydantic's validator; it checks nothing else."""
    count, rounds = (SHORT_SPECS, SHORT_ROUNDS) if is_short else (SPECS, ROUNDS)
    paths = write_project(folder, count)
    workspace = Workspace()
    shared = workspace.shared_by(workspace.project_of(folder)[0])
    documents = [parse_document(path.read_text("utf-8"), str(path))[0] for path in paths]
    data = [merge_layers(document, shared)[0] for document in documents]
    del documents
    parse_spec(data[0])
    validator = Spec.__pydantic_validator__

    def floor() -> None:
        for path, plain in zip(paths, data, strict=True):
            compose(path.read_text("utf-8"), Loader=CSafeLoader)
            validator.validate_python(plain)

    def compiled(workspace: Workspace) -> None:
        for one in compile_paths([str(folder)], workspace):
            assert isinstance(one, Compiled), one.diagnostics
            render_request(one.request, "json")

    def ours() -> None:
        compiled(Workspace())

    def without_rules() -> None:
        compiled(Workspace(rules=()))

    claim = f"check + compile {count:,} specs / compose + validate"
    yield compare(claim, ours, floor, rounds=rounds, aim=4.0)
    yield compare("  every rule / no rules", ours, without_rules, rounds=rounds, aim=2.0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Note(text=f"  peak memory of this process so far: {peak:.0f} MB")
