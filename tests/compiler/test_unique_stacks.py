"""Specs that need the stack of another spec or of an environment: errors on the specs' lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.compiler.outcome import Failed
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.render.diagnostics import Format, render
from tests.support.specs import SPEC

PLACE = 'account: "123456789012", region: us-east-1'
PROJECT = f"""\
project: plat
default_environment: dev
environments:
  dev: {{{PLACE}}}
  dev-eu: {{{PLACE}}}
"""


def written(folder: Path, *names: str, extra: str = "") -> Path:
    (folder / "specs").mkdir()
    (folder / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    for name in names:
        text = SPEC.replace("name: churn", f"name: {name}") + extra
        (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def diagnostics(folder: Path, environment: str | None = None) -> list[Diagnostic]:
    outcomes = compile_paths([str(folder)], Workspace(environment=environment))
    return [diagnostic for outcome in outcomes for diagnostic in outcome.diagnostics]


@pytest.mark.parametrize("environment", ["dev", "dev-eu"])
def test_a_spec_needs_the_stack_of_an_environment(environment: str, tmp_path: Path) -> None:
    """Whichever environment is checked: the other one is deployed from the same project."""
    (diagnostic,) = diagnostics(written(tmp_path, "eu", "us"), environment)
    assert (diagnostic.code, Path(diagnostic.span.file).name, diagnostic.span.line) == (
        "HPT605",
        "eu.yaml",
        1,
    )
    assert diagnostic.message == (
        "the spec `eu` in the environment `dev` and the environment `dev-eu` need the same stack, "
        "`hptc-plat-dev-eu`"
    )
    assert diagnostic.help == "rename this spec or the environment"
    (related,) = diagnostic.related
    assert (Path(related.span.file).name, related.span.line) == ("hptc.yaml", 5)
    assert related.span.source[related.span.column - 1 : related.span.end_column - 1] == "dev-eu"


def test_two_specs_need_one_stack(tmp_path: Path) -> None:
    diagnostic, *rest = diagnostics(written(tmp_path, "eu-x", "x"))
    assert rest == []
    assert "the spec `eu-x` in the environment `dev`" in diagnostic.message
    assert "the spec `x` in the environment `dev-eu`" in diagnostic.message
    (related,) = diagnostic.related
    assert {Path(location.file).name for location in (diagnostic.span, related.span)} == {
        "eu-x.yaml",
        "x.yaml",
    }
    assert diagnostic.help == "rename this spec or the other spec"


@pytest.mark.parametrize("text", ["", "# schedule: see hptc.yaml\n"], ids=["no text", "a comment"])
def test_the_defaults_of_a_project_schedule_its_specs(text: str, tmp_path: Path) -> None:
    folder = written(tmp_path, "a", "a-schedule", extra=text)
    defaults = "defaults: {schedule: rate(7 days)}\n"
    (folder / "hptc.yaml").write_text(PROJECT + defaults, encoding="utf-8")
    (finding,) = (diagnostic for diagnostic in diagnostics(folder) if diagnostic.code == "HPT605")
    assert Path(finding.span.file).name == "a.yaml"
    assert "`hptc-plat-dev-a-schedule`" in finding.message


@pytest.mark.parametrize(
    ("default", "own", "has_clash"),
    [
        pytest.param("", "schedule: rate(7 days)\n", True, id="a schedule of its own"),
        pytest.param("", "schedule: null\n", False, id="none"),
        pytest.param("rate(7 days)", "schedule: null\n", False, id="none instead of the default"),
    ],
)
def test_only_a_spec_with_a_schedule_needs_its_stack(
    default: str, own: str, has_clash: bool, tmp_path: Path
) -> None:
    folder = written(tmp_path, "a", "a-schedule", extra=own)
    defaults = f"defaults: {{schedule: {default}}}\n" if default else ""
    (folder / "hptc.yaml").write_text(PROJECT + defaults, encoding="utf-8")
    codes = [diagnostic.code for diagnostic in diagnostics(folder)]
    assert ("HPT605" in codes) is has_clash


@pytest.mark.parametrize("environment", ["dev", "dev-eu"])
def test_an_environment_schedules_its_specs(environment: str, tmp_path: Path) -> None:
    folder = written(tmp_path, "a", "a-schedule")
    dev_eu = f"dev-eu: {{{PLACE}, overrides: {{schedule: rate(7 days)}}}}"
    text = PROJECT.replace(f"dev-eu: {{{PLACE}}}", dev_eu)
    (folder / "hptc.yaml").write_text(text, encoding="utf-8")
    codes = [diagnostic.code for diagnostic in diagnostics(folder, environment)]
    assert codes.count("HPT605") == 1


def twins(folder: Path, project: str, other: str) -> list[Diagnostic]:
    """The diagnostics of two projects that are checked together."""
    for name, text in (("a", project), ("b", other)):
        (folder / name / "specs").mkdir(parents=True)
        (folder / name / "hptc.yaml").write_text(text, encoding="utf-8")
        (folder / name / "specs" / "churn.yaml").write_text(SPEC, encoding="utf-8")
    outcomes = compile_paths([str(folder / "a"), str(folder / "b")], Workspace())
    return [d for outcome in outcomes for d in outcome.diagnostics if d.code == "HPT605"]


def test_two_projects_need_the_same_stacks(tmp_path: Path) -> None:
    (diagnostic,) = twins(tmp_path, PROJECT, PROJECT)
    assert "another hptc.yaml has the project `plat`" in diagnostic.message
    assert (Path(diagnostic.span.file).parent.name, diagnostic.span.line) == ("b", 1)
    (related,) = diagnostic.related
    assert Path(related.span.file).parent.name == "a"


EXISTING = """
    infrastructure:
      {execution_role: team, artifact_bucket: lake, data_bucket: lake, kms_key: absent,
       launcher_policy: absent}
"""


@pytest.mark.parametrize(
    "other",
    [
        PROJECT.replace("project: plat", "project: other"),
        PROJECT.replace("123456789012", "210987654321"),
        PROJECT.replace("us-east-1", "eu-west-1"),
        PROJECT.replace("dev", "test"),
        f"""project: plat
environments:
  dev:
    account: "123456789012"
    region: us-east-1{EXISTING}""",
    ],
    ids=["name", "account", "Region", "environment", "nothing to deploy"],
)
def test_two_projects_with_stacks_of_their_own(other: str, tmp_path: Path) -> None:
    assert twins(tmp_path, PROJECT, other) == []


def test_a_spec_without_a_stack_collides_with_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path, "eu")
    path = folder / "specs" / "eu.yaml"
    role = "  role_arn: arn:aws:iam::123456789012:role/team\n  spot:"
    path.write_text(path.read_text("utf-8").replace("  spot:", role), encoding="utf-8")
    assert diagnostics(folder) == []


def test_a_spec_with_a_collision_has_failed_and_keeps_its_other_findings(tmp_path: Path) -> None:
    folder = written(tmp_path, "eu", extra="unknown: 1\n")
    (outcome,) = compile_paths([str(folder)], Workspace())
    assert isinstance(outcome, Failed)
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == ["HPT605", "HPT101"]


def test_both_names_are_in_the_json(tmp_path: Path) -> None:
    (diagnostic,) = diagnostics(written(tmp_path, "eu"))
    (entry,) = json.loads(render([diagnostic], Format.JSON))["diagnostics"]
    assert entry["code"] == "HPT605"
    assert "`eu`" in entry["message"]
    assert "`dev-eu`" in entry["message"]
