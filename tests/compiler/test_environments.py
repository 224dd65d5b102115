"""Specs in every environment of their project: what is found in all, and what in some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.outcome import CompiledRequest, Outcome
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.requests import render_request
from tests.support.outcomes import succeeded
from tests.support.specs import SPEC

PLACE = 'account: "123456789012", region: us-east-1'
PROJECT = f"""\
project: churn
default_environment: dev
environments:
  prod: {{{PLACE}, overrides: {{limits: {{max_parallel_training_jobs: 1}}}}}}
  dev: {{{PLACE}}}
"""


def written(folder: Path, project: str = PROJECT, spec: str = SPEC) -> Path:
    (folder / "specs").mkdir(parents=True)
    (folder / "hptc.yaml").write_text(project, encoding="utf-8")
    (folder / "specs" / "churn.yaml").write_text(spec, encoding="utf-8")
    return folder


def everywhere(folder: Path, environment: str | None = None) -> list[Outcome]:
    return compile_in_all_environments([str(folder)], Workspace(environment=environment))


def names(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.environment.name if outcome.environment else None for outcome in outcomes]


def codes_in(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (diagnostic.code, diagnostic.environments)
        for diagnostic in merged_diagnostics(everywhere(folder))
    ]


def test_the_default_environment_is_first(tmp_path: Path) -> None:
    assert names(everywhere(written(tmp_path))) == ["dev", "prod"]


def test_an_environment_that_is_selected_is_the_only_one(tmp_path: Path) -> None:
    assert names(everywhere(written(tmp_path), "prod")) == ["prod"]


def test_a_file_outside_of_a_project_is_compiled_once(tmp_path: Path) -> None:
    written(tmp_path / "project")
    (tmp_path / "alone.yaml").write_text("name: alone\n", encoding="utf-8")
    outcomes = everywhere(tmp_path)
    assert [Path(outcome.file).name for outcome in outcomes] == [
        "alone.yaml",
        "churn.yaml",
        "churn.yaml",
    ]
    assert names(outcomes) == [None, "dev", "prod"]


def test_a_finding_in_every_environment_names_none(tmp_path: Path) -> None:
    spec = SPEC.replace("max: 0.5", "max: 5e-4")
    assert codes_in(written(tmp_path, spec=spec)) == [("HPT202", ())]


def test_a_finding_in_one_environment_names_it(tmp_path: Path) -> None:
    project = PROJECT.replace("max_parallel_training_jobs: 1", "max_runtime: 1x")
    (diagnostic,) = merged_diagnostics(everywhere(written(tmp_path, project)))
    assert diagnostic.is_error
    assert diagnostic.environments == ("prod",)
    assert diagnostic.full_message == f"{diagnostic.message} (in prod)"
    assert Path(diagnostic.span.file).name == "hptc.yaml"


def test_an_error_in_a_shared_file_is_reported_once(tmp_path: Path) -> None:
    project = PROJECT + "defaults: {limts: {max_runtime: 1d}}\n"
    assert codes_in(written(tmp_path, project)) == [("HPT101", ())]


def test_a_suppression_is_used_if_one_environment_uses_it(tmp_path: Path) -> None:
    """The range spans decades only in prod: dev must not call the suppression unused."""
    project = f"""\
project: churn
default_environment: dev
environments:
  dev: {{{PLACE}, variables: {{least: "0.1"}}}}
  prod: {{{PLACE}, variables: {{least: "1e-3"}}}}
"""
    spec = SPEC.replace(
        "    eta: {type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}\n",
        "    # hptc: ignore[HPT208] small values are rare\n"
        '    eta: {type: Continuous, min: "{{ least }}", max: 0.5, scaling: Linear}\n',
    )
    written(tmp_path, project, spec)
    for environment, codes in (("dev", ["HPT010"]), ("prod", [])):
        outcome = compile_file(
            str(tmp_path / "specs/churn.yaml"), Workspace(environment=environment)
        )
        assert [diagnostic.code for diagnostic in outcome.diagnostics] == codes
    assert codes_in(tmp_path) == []


def test_a_request_is_compiled_once_in_the_default_environment(tmp_path: Path) -> None:
    written(tmp_path)
    spec = succeeded(compile_file(str(tmp_path / "specs/churn.yaml"), Workspace()))
    text = render_request(spec.request, "json")
    (tmp_path / "specs/request.json").write_text(text, encoding="utf-8")
    requests = [outcome for outcome in everywhere(tmp_path) if isinstance(outcome, CompiledRequest)]
    assert names(list(requests)) == ["dev"]


def test_a_request_without_a_default_environment_is_held_to_the_shared_policy(
    tmp_path: Path,
) -> None:
    written(tmp_path)
    spec = succeeded(compile_file(str(tmp_path / "specs/churn.yaml"), Workspace()))
    text = render_request(spec.request, "json")
    (tmp_path / "specs/request.json").write_text(text, encoding="utf-8")
    project = PROJECT.replace("default_environment: dev\n", "") + "policy: {regions: [us-east-1]}\n"
    (tmp_path / "hptc.yaml").write_text(project, encoding="utf-8")
    requests = [outcome for outcome in everywhere(tmp_path) if isinstance(outcome, CompiledRequest)]
    assert names(list(requests)) == [None]
    assert [diagnostic.code for diagnostic in requests[0].diagnostics] == ["HPT800"]


def test_check_says_which_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = PROJECT.replace("max_parallel_training_jobs: 1", "max_runtime: 1x")
    monkeypatch.chdir(written(tmp_path, project))
    assert run(["check", "--format", "json"]) == EXIT_FINDINGS
    output = capsys.readouterr()
    assert json.loads(output.out)["diagnostics"][0]["environments"] == ["prod"]
    assert output.err == "checked 1 file in dev and prod: 1 error\n"
    assert run(["check", "--env", "dev"]) == EXIT_OK
    assert capsys.readouterr().err == "checked 1 file: no errors\n"
    for form in ("text", "concise", "github", "markdown", "sarif"):
        run(["check", "--format", form])
        assert "(in prod)" in capsys.readouterr().out
