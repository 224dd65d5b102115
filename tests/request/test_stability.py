"""The same content is the same job, whatever else of hptc changes.

A digest that changes makes every job of every user a new, paid one. So these are pinned: change
them only together with the version of the digest.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from hptc.compiler.importing import write_spec
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.identity import digest
from tests.support.outcomes import all_succeeded, succeeded
from tests.support.paths import ROOT

DATA = ROOT / "tests" / "data"
JOBS: dict[str, dict[str, list[str]]] = json.loads((DATA / "job_names.json").read_text("utf-8"))
PUBLISHED: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "published_requests.jsonl").read_text("utf-8").splitlines()
]
"""Requests that people published, with the repository and path of each."""


@pytest.mark.parametrize("environment", JOBS)
def test_job_names_and_digests_of_the_repository_specs(environment: str) -> None:
    outcomes = all_succeeded(compile_paths([str(ROOT)], Workspace(environment=environment)))
    assert {outcome.name: [outcome.job.name, outcome.digest] for outcome in outcomes} == JOBS[
        environment
    ]


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published["source"])
def test_digest_of_a_published_request(published: dict[str, Any]) -> None:
    text = json.dumps(published["request"])
    assert (
        succeeded(compile_text(text, "request.json", Workspace(rules=()))).digest
        == (published["digest"])
    )


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published["source"])
def test_a_published_request_survives_the_spec_language(published: dict[str, Any]) -> None:
    """Imported as a spec and compiled, it is the same job."""
    spec = write_spec(published["request"])
    compiled = succeeded(compile_text(spec, "spec.yaml", Workspace(rules=())))
    assert isinstance(compiled, CompiledSpec)
    assert compiled.digest == published["digest"] == digest(published["request"])
    assert compiled.job.name == published["request"]["HyperParameterTuningJobName"]
