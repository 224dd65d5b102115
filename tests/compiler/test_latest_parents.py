"""`latest(SPEC)` as a warm-start parent: a reference, checked against the spec as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.importing import write_spec
from hptc.compiler.outcome import CompiledSpec, Failed, Outcome
from hptc.compiler.pipeline import compile_file, compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.run_search import ParentSpec
from tests.support.paths import ROOT

PROJECT = (
    (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8").replace("[parents]", "[specs]")
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, parents: str = "", more: str = "") -> str:
    warm_start = f"warm_start: {{type: TransferLearning, parents: {parents}}}\n" if parents else ""
    file = Path("specs", f"{name}.yaml")
    file.write_text(f"name: {name}\n{more}{warm_start}", "utf-8")
    return str(file)


def compiled(file: str) -> CompiledSpec:
    outcome = compile_file(file, Workspace())
    assert isinstance(outcome, CompiledSpec), outcome.diagnostics
    return outcome


def parents(outcome: CompiledSpec) -> list[str]:
    entries = outcome.request["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    return [entry["HyperParameterTuningJobName"] for entry in entries]


def the_error(outcome: Outcome) -> tuple[str, str, str, str]:
    assert isinstance(outcome, Failed)
    (finding,) = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.is_error]
    return finding.code, finding.message, finding.label, finding.help


@pytest.mark.parametrize("text", ["latest(base)", '"latest( base )"', '"${hptc:latest(base)}"'])
def test_it_compiles_to_a_reference(text: str) -> None:
    write("base")
    child = compiled(write("child", f"[{text}, chosen]"))
    assert parents(child) == ["${hptc:latest(base)}", "chosen"]
    assert child.latest == {"base": ParentSpec(name="base", path="specs/base.yaml")}


def test_a_single_parent_needs_no_list() -> None:
    assert parents(compiled(write("churn", "latest(churn)"))) == ["${hptc:latest(churn)}"]


def test_a_change_of_the_parent_does_not_rename_the_child() -> None:
    write("base")
    before = compiled(write("child", "[latest(base)]"))
    write("base", more="random_seed: 1\n")
    assert compiled("specs/child.yaml").digest == before.digest
    assert compiled(write("child", "[latest(child)]")).digest != before.digest


def test_a_spec_can_start_from_itself_and_two_from_each_other() -> None:
    write("itself", "[latest(itself)]")
    write("one", "[latest(two)]")
    write("two", "[latest(one)]")
    outcomes = compile_paths(["specs"], Workspace())
    assert [outcome.diagnostics for outcome in outcomes] == [()] * 3


def test_a_long_chain_compiles() -> None:
    for index in range(200):
        write(f"s{index:03}", f"[latest(s{index + 1:03})]" if index < 199 else "")
    assert isinstance(compile_file("specs/s000.yaml", Workspace(rules=())), CompiledSpec)


def test_a_parent_that_does_not_compile_still_has_runs() -> None:
    write("base", more="strategy: Wrong\n")
    assert compiled(write("child", "[latest(base)]")).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("latest()", "latest()"),
        ("latest(a_b)", "latest(a_b)"),
        ('"latest(base, other)"', "latest(base, other)"),
        ("Latest(base)", "Latest(base)"),
        ('"latest[base]"', "latest[base]"),
        ("latest (base)", "latest (base)"),
        ('"x-${hptc:latest(base)}"', None),
    ],
)
def test_another_spelling_is_an_error(text: str, shown: str | None) -> None:
    write("base")
    outcome = compile_file(write("child", f"[{text}]"), Workspace())
    code, message, label, advice = the_error(outcome)
    if shown is None:
        assert (code, advice) == ("HPT006", "use it in `warm_start.parents`, as the whole entry")
        return
    assert (code, label) == ("HPT713", "must be latest(SPEC)")
    assert message == (
        f"`{shown}` is not `latest(SPEC)`, the newest completed tuning job of a spec"
    )
    assert advice == "write the name of one spec, such as `latest(child)`"


def test_several_specs_in_one_entry_are_reported_where_the_first_one_is() -> None:
    outcome = compile_file(write("child", "[latest(a, b)]"), Workspace())
    messages = [
        diagnostic.message for diagnostic in outcome.diagnostics if diagnostic.code == "HPT713"
    ]
    assert messages == [
        "`latest(a` is not `latest(SPEC)`, the newest completed tuning job of a spec"
    ]


def test_a_spec_that_does_not_exist() -> None:
    write("churn-xgboost")
    outcome = compile_file(write("child", "[latest(churn-xgbost)]"), Workspace())
    assert the_error(outcome) == (
        "HPT713",
        "`latest(churn-xgbost)` refers to `churn-xgbost`, which is not a spec in this project",
        "did you mean `latest(churn-xgboost)`?",
        "use the `name` of a spec, or the name of a tuning job without `latest`",
    )


def test_a_spec_with_a_fixed_job_name_has_one_job() -> None:
    write("base", more="job_name: the-one\n")
    outcome = compile_file(write("child", "[latest(base)]"), Workspace())
    assert the_error(outcome)[1:] == (
        "`base` sets `job_name`, so it has a single tuning job",
        "",
        "use `base` instead of `latest(base)`",
    )
    write("base", more="job_name: the-one\nschedule: rate(7 days)\n")
    assert compiled("specs/child.yaml").diagnostics == ()


def test_the_name_of_the_spec_itself_leads_to_latest() -> None:
    outcome = compile_file(write("churn", "[churn]"), Workspace())
    assert the_error(outcome)[3] == "use `latest(churn)`, its newest completed tuning job"


def test_it_needs_an_environment() -> None:
    text = "name: churn\nwarm_start: {type: TransferLearning, parents: [latest(churn)]}\n"
    outcome = compile_text(text, "churn.yaml", Workspace(rules=()))
    (finding,) = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.code == "HPT713"]
    assert finding.message.startswith(
        "`latest(churn)` needs an environment, because tuning jobs are"
    )
    assert finding.help == "define one in hptc.yaml, or use the name of a tuning job"


def test_it_is_only_a_parent() -> None:
    text = 'training_job: {hyperparameters: {warm: "${hptc:latest(child)}"}}\n'
    outcome = compile_file(write("child", "[latest(child)]", text), Workspace())
    assert the_error(outcome)[:2] == (
        "HPT006",
        "`${hptc:latest(child)}` is only valid as a warm-start parent",
    )


def test_a_request_keeps_the_reference_when_it_is_imported() -> None:
    child = compiled(write("child", "[latest(child)]"))
    text = write_spec(child.request, name="imported")
    Path("specs", "imported.yaml").write_text(text, "utf-8")
    write("child")
    again = compiled("specs/imported.yaml")
    assert parents(again) == parents(child)
    assert again.digest == child.digest
