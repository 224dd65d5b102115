"""A file in, a checked request out: parents by content, folders, names, and what stops what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import CompiledRequest, Failed, Outcome
from hptc.compiler.pipeline import compile_file, compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath
from hptc.errors import UsageError
from hptc.metrics.rehearsal import rehearse_sample
from hptc.rules.rule import Context, Rule, error
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

PROJECT = (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8")
PROJECT = PROJECT.replace("specs: [parents]", "specs: [specs]")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose defaults complete a spec that only has a name."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **specs: str) -> None:
    for name, text in specs.items():
        (folder / "specs" / f"{name}.yaml").write_text(f"name: {name}\n{text}", "utf-8")


def compiled(name: str) -> Outcome:
    return compile_file(f"specs/{name}.yaml", Workspace(rules=()))


def job(name: str) -> str:
    result = succeeded(compiled(name))
    job_name: str = result.request["HyperParameterTuningJobName"]
    return job_name


def codes(result: Outcome) -> list[str]:
    return [diagnostic.code for diagnostic in result.diagnostics]


def from_parents(*names: str) -> str:
    return f"warm_start: {{type: TransferLearning, parents: [{', '.join(names)}]}}\n"


# Warm starts.


def test_a_parent_is_the_job_of_its_content(folder: Path) -> None:
    write(folder, parent="", child=from_parents("parent"))
    request = succeeded(compiled("child")).request
    assert request["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [
        {"HyperParameterTuningJobName": job("parent")}
    ]


def test_a_parent_that_is_compiled_first_is_named_as_its_child_is(folder: Path) -> None:
    write(folder, zebra="", ant=from_parents("zebra"))
    outcomes = compile_paths(["."], Workspace(rules=()))
    assert [outcome.file for outcome in outcomes] == ["specs/ant.yaml", "specs/zebra.yaml"]


def test_editing_a_parent_changes_its_children_and_no_other(folder: Path) -> None:
    write(
        folder, parent="", child=from_parents("parent"), grandchild=from_parents("child"), other=""
    )
    before = {name: job(name) for name in ("parent", "child", "grandchild", "other")}
    write(folder, parent="random_seed: 7\n")
    after = {name: job(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {
        "parent", "child", "grandchild",
    }  # fmt: skip
    write(folder, parent="# only a comment\n")
    assert {name: job(name) for name in before} == before


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_of_parents_is_an_error(folder: Path, length: int) -> None:
    names = [f"s{n}" for n in range(length)]
    for at, name in enumerate(names):
        write(folder, **{name: from_parents(names[(at + 1) % length])})
    for name in names:
        result = compiled(name)
        assert codes(result) == ["HPT701"]
        assert isinstance(result, Failed)


def test_a_parent_that_does_not_compile(folder: Path) -> None:
    write(folder, parent="limits: 3\n", child=from_parents("parent"))
    (fault,) = compiled("child").diagnostics
    assert (fault.code, fault.span.line) == ("HPT701", 2)
    assert "does not compile" in fault.message


def test_a_parent_of_aws_keeps_its_name(folder: Path) -> None:
    write(folder, child=from_parents("some-old-job-2025"))
    result = succeeded(compiled("child"))
    assert codes(result) == []
    assert "some-old-job-2025" in json.dumps(result.request)


def test_a_parent_that_is_almost_a_spec(folder: Path) -> None:
    write(folder, **{"churn-xgboost": "", "child": from_parents("churn-xgbost")})
    (fault,) = compiled("child").diagnostics
    assert (fault.code, fault.is_error) == ("HPT700", False)
    assert "churn-xgboost" in fault.label


@pytest.mark.parametrize("name", ["chrun", "chrn", "churrn", "chern", "churns"])
def test_one_mistake_in_a_short_name(folder: Path, name: str) -> None:
    write(folder, churn="", child=from_parents(name))
    (fault,) = compiled("child").diagnostics
    assert (fault.code, fault.label) == ("HPT700", "did you mean `churn`?")


@pytest.mark.parametrize("name", ["chuner", "charm", "spurn"])
def test_another_short_name_is_an_existing_tuning_job(folder: Path, name: str) -> None:
    write(folder, churn="", child=from_parents(name))
    assert codes(succeeded(compiled("child"))) == []


def test_names_that_differ_by_a_digit_are_different(folder: Path) -> None:
    write(folder, **{"net-1": "", "child": from_parents("net-2")})
    assert codes(succeeded(compiled("child"))) == []


# Sample logs.


@pytest.mark.parametrize("is_rehearsed", [True, False])
def test_a_sample_log_is_read_only_to_rehearse(folder: Path, is_rehearsed: bool) -> None:
    write(folder, churn="training_job: {metric_sample_log: absent.log}\n")
    workspace = Workspace(rehearse=rehearse_sample if is_rehearsed else None)
    reported = codes(compile_file("specs/churn.yaml", workspace))
    assert reported == (["HPT341"] if is_rehearsed else [])


def test_a_request_has_no_sample_log(folder: Path) -> None:
    write(folder, churn="training_job: {metric_sample_log: absent.log}\n")
    text = json.dumps(succeeded(compiled("churn")).request)
    result = compile_text(text, "request.json", Workspace(rehearse=rehearse_sample))
    assert "HPT341" not in codes(result)


# Content and names.


def test_only_specs_need_names_of_their_own(folder: Path) -> None:
    write(folder, churn="")
    request = {**succeeded(compiled("churn")).request, "HyperParameterTuningJobName": "churn"}
    for name in ("one", "two"):
        (folder / "specs" / f"{name}.json").write_text(json.dumps(request), "utf-8")
    reported = [
        code for outcome in compile_paths(["specs"], Workspace(rules=())) for code in codes(outcome)
    ]
    assert "HPT600" not in reported


SAME = {
    "key order": (
        "random_seed: 7\nearly_stopping: Auto\n", "early_stopping: Auto\nrandom_seed: 7\n"
    ),
    "a comment": ("random_seed: 7\n", "# why\nrandom_seed: 7 # so\n"),
    "flow or block": ("completion: {target_objective_metric_value: 1}\n",
                      "completion:\n  target_objective_metric_value: 1\n"),
    "a default": ("early_stopping: 'Off'\n", ""),
    "a duration": ("limits: {max_runtime: 1h}\n", "limits: {max_runtime: 3600}\n"),
    "a description": ("description: x\n", ""),
    "a template": ("tags: {env: '{{ env }}'}\n", "tags: {env: test}\n"),
    "JSON": ('random_seed: 7\n', '"random_seed": 7\n'),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_notations_of_the_same_tuning_job(folder: Path, first: str, second: str) -> None:
    write(folder, s=first)
    name = job("s")
    write(folder, s=second)
    assert job("s") == name


def test_a_pinned_name(folder: Path) -> None:
    write(folder, s="job_name: churn-2026\n")
    assert job("s") == "churn-2026"


def test_a_spec_without_a_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "s.yaml").write_text("name: s\ndescription: '{{ env }}'\n")
    result = compile_file(str(tmp_path / "s.yaml"), Workspace())
    finding = next(diagnostic for diagnostic in result.diagnostics if diagnostic.code == "HPT006")
    assert "no hptc.yaml with an environment was found" in finding.message


# The API's own form.


def test_a_request_compiles_to_itself(folder: Path) -> None:
    write(folder, s="")
    request = succeeded(compiled("s")).request
    text = json.dumps(request, indent=2)
    again = compile_text(text, "request.json", Workspace(rules=()))
    assert isinstance(again, CompiledRequest)
    assert (again.request, again.digest) == (request, succeeded(compiled("s")).digest)
    assert again.name == request["HyperParameterTuningJobName"]


def test_a_fault_of_a_request_is_shown_in_it(folder: Path) -> None:
    write(folder, s="")
    request: Any = succeeded(compiled("s")).request
    request["HyperParameterTuningJobConfig"]["Strategy"] = "bayesian"
    text = json.dumps(request, indent=2)
    (fault,) = compile_text(text, "request.json", Workspace(rules=())).diagnostics
    assert fault.code == "HPT104"
    assert text.splitlines()[fault.span.line - 1].strip() == '"Strategy": "bayesian",'


# Folders.


def test_a_folder_with_a_project_means_its_specs(folder: Path) -> None:
    write(folder, b="", a="")
    (folder / "specs" / ".hidden.yaml").write_text("name: hidden\n")
    (folder / "specs" / "notes.txt").write_text("x")
    (folder / "request.json").write_text("{}")
    results = compile_paths([str(folder)], Workspace())
    assert [result.name for result in results] == ["a", "b"]
    results = compile_paths(["specs/b.yaml", "specs", "specs/a.yaml"], Workspace())
    assert [result.name for result in results] == ["b", "a"]


@pytest.mark.parametrize("path", ["nowhere", "specs"])
def test_a_folder_without_specs(folder: Path, path: str) -> None:
    with pytest.raises(UsageError, match=r"no (such file|specs found)"):
        compile_paths([path], Workspace())


def test_two_specs_of_one_name(folder: Path) -> None:
    write(folder, a="", b="")
    (folder / "specs" / "c.yaml").write_text("name: A\n")
    first, _, twin = compile_paths(["specs"], Workspace(rules=()))
    assert codes(first) == []
    assert codes(twin) == ["HPT600"]
    assert isinstance(twin, Failed)
    assert twin.diagnostics[0].related[0].span.file.endswith("a.yaml")


def test_a_broken_project_stops_each_spec_with_its_own_place(folder: Path) -> None:
    write(folder, a="", b="")
    (folder / "hptc.yaml").write_text("project: [\n")
    for result in (compiled("a"), compiled("b")):
        assert isinstance(result, Failed)
        assert result.has_errors
        assert Path(result.diagnostics[0].span.file).name == "hptc.yaml"


# Rules.


def test_a_rule_that_crashes_is_a_finding_and_the_rest_run(folder: Path) -> None:
    @error("HPT998")
    def crashing(rule: Rule, context: Context) -> list[Finding]:
        raise KeyError("x")

    @error("HPT999")
    def finding(rule: Rule, context: Context) -> list[Finding]:
        return [rule.finding("found", RequestPath(("HyperParameterTuningJobName",)))]

    write(folder, s="")
    result = compile_file("specs/s.yaml", Workspace(rules=(crashing, finding)))
    assert codes(result) == ["HPT000", "HPT999"]
    crash, diagnostic = result.diagnostics
    assert not crash.is_error
    assert "HPT998 (crashing) crashed" in crash.message
    assert diagnostic.span.source == "name: s"
    assert isinstance(result, Failed)


def test_rules_run_on_the_rest_of_an_invalid_request(folder: Path) -> None:
    write(folder, s="early_stopping: on\nrandom_seed: 4294967296\n")
    assert codes(compile_file("specs/s.yaml", Workspace())) == ["HPT104", "HPT248"]


@pytest.mark.parametrize(
    "text", ["strategy: [Grid]\n", "training_job: {algorithm: {version: 1}}\n"]
)
def test_rules_do_not_run_without_a_request_or_an_image(folder: Path, text: str) -> None:
    ran = []

    @error("HPT999")
    def rule(rule: Rule, context: Context) -> list[Finding]:
        ran.append(context)
        return []

    write(folder, s=text)
    assert codes(compile_file("specs/s.yaml", Workspace(rules=(rule,)))) == ["HPT102"]
    assert ran == []


UNREADABLE = {
    "not UTF-8": (b"name: caf\xe9\n", "not UTF-8: byte 0xe9 at offset 9", (1, 10)),
    "too large": (b"#" * 1_000_001, "larger than 1,000,000 bytes, the maximum for a spec", (1, 1)),
}


@pytest.mark.parametrize(("raw", "message", "place"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_file_hides_no_findings_of_others(
    folder: Path, raw: bytes, message: str, place: tuple[int, int]
) -> None:
    (folder / "specs" / "a0.yaml").write_bytes(raw)
    (folder / "specs" / "other.yaml").write_text("name: other\nstratgy: Random\n")
    unreadable, other = compile_paths(["specs"], Workspace(rules=()))
    (diagnostic,) = unreadable.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("HPT002", message)
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert codes(other) == ["HPT101"]
    with pytest.raises(UsageError, match=message):
        compile_paths(["specs/a0.yaml"], Workspace())


@pytest.mark.parametrize(
    "name",
    [
        "autogluon-tabular",
        "catboost",
        "image-classification-tensorflow",
        "lightgbm",
        "object-detection-tensorflow",
        "tabtransformer",
        "text-classification-tensorflow",
    ],
)
@pytest.mark.parametrize("version", ["", ", version: 1"])
def test_a_jumpstart_algorithm_has_no_image(folder: Path, name: str, version: str) -> None:
    algorithm = f"{{training_image: null, built_in: {name}{version}}}"
    write(folder, s=f"training_job: {{algorithm: {algorithm}}}")
    (diagnostic,) = compiled("s").diagnostics
    assert diagnostic.code == "HPT104"
    assert "has no image of its own" in diagnostic.message
    assert f"`hptc explain {name}`" in diagnostic.help
