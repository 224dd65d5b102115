"""check + compile of a thousand specs against reading and validating the same files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yaml import CSafeLoader, compose

from benchmarks.corpus import write_project
from benchmarks.measure import compare, peak_megabytes
from benchmarks.rows import Amount, Row
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

    def compile_all(workspace: Workspace) -> None:
        for outcome in compile_paths([str(folder)], workspace):
            assert isinstance(outcome, Compiled), outcome.diagnostics
            render_request(outcome.request, "json")

    def ours() -> None:
        compile_all(Workspace())

    def without_rules() -> None:
        compile_all(Workspace(rules=()))

    claim = f"check + compile {count:,} specs / compose + validate"
    yield compare(claim, ours, floor, rounds=rounds, aim=4.0)
    yield compare("  every rule / no rules", ours, without_rules, rounds=rounds, aim=2.0)
    claim = "  peak memory of this process so far"
    yield Amount(claim=claim, value=peak_megabytes(), unit="MB")
