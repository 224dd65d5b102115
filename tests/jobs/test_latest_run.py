"""`latest(SPEC)`: which tuning job it is, at submission, in plans and in dry runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.account_checks.checks import check_online
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.errors import OperationError, UsageError
from hptc.jobs.apply import apply, check_plan
from hptc.jobs.decide import decide
from hptc.jobs.decisions import AlreadySubmitted, Blocked, DryRun, Obstacle, Submit, Submitted
from hptc.jobs.plan_file import plan_text, read_plan
from hptc.jobs.resolution import resolve_references
from hptc.jobs.snapshot import JobSnapshot
from hptc.jobs.submission import dry_run
from hptc.render.jobs import dry_run_notes
from hptc.render.plan import render_plan
from hptc.request.emission import Request
from tests.support.fake_account import FakeAccount
from tests.support.fake_service import FakeTuning
from tests.support.golden import Golden
from tests.support.plans import (
    WIDER,
    by_schedule,
    deployed,
    origin,
    planned,
    project,
    renamed,
    run,
    spec,
)
from tests.support.submissions import submit


def warm(name: str, *parents: str, change: tuple[str, str] = ("", "")) -> str:
    listed = ", ".join(parents)
    return spec(name, change) + f"warm_start: {{type: TransferLearning, parents: [{listed}]}}\n"


def parents(request: Request) -> list[str]:
    warm_start = request.get("WarmStartConfig", {})
    entries = warm_start.get("ParentHyperParameterTuningJobs", [])
    return [entry["HyperParameterTuningJobName"] for entry in entries]


def send(
    compiled: Compiled, tuning: FakeTuning, *, rerun: int | None = None, env: str = "dev"
) -> tuple[str, list[str]]:
    """The name and the parents of a submission, whose job then completes."""
    sent = submit(
        compiled, tuning, deployed(compiled.name, env=env), provenance=origin, rerun=rerun
    )
    assert isinstance(sent, Submitted)
    tuning.jobs[sent.name]["HyperParameterTuningJobStatus"] = "Completed"
    assert parents(tuning.jobs[sent.name]) == parents(sent.request)
    return sent.name, parents(sent.request)


def test_each_run_starts_from_the_one_before_it(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    first, from_first = send(compiled, tuning)
    second, from_second = send(compiled, tuning, rerun=2)
    _, from_third = send(compiled, tuning, rerun=3)
    assert (from_first, from_second, from_third) == ([], [first], [second])
    assert first == compiled.job.name


def test_an_unchanged_spec_is_not_submitted_again(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    send(compiled, tuning)
    again = submit(compiled, tuning, deployed("churn"), provenance=origin)
    assert isinstance(again, AlreadySubmitted)


def test_a_changed_spec_starts_from_its_earlier_content(tmp_path: Path) -> None:
    tuning = FakeTuning()
    (before,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    first, _ = send(before, tuning)
    (after,) = project(tmp_path, {"churn": warm("churn", "latest(churn)", change=WIDER)})
    assert send(after, tuning)[1] == [first]


def test_a_run_that_has_not_completed_does_not_count(tmp_path: Path) -> None:
    base, child = project(tmp_path, {"base": spec("base"), "child": warm("child", "latest(base)")})
    tuning = FakeTuning()
    for status in ("InProgress", "Failed", "Stopped"):
        run(tuning, [base], status)
        with pytest.raises(OperationError) as raised:
            send(child, tuning)
        assert raised.value.message == (
            "its warm-start parent `base` has no completed tuning job in the environment `dev`"
        )
        assert raised.value.help == "submit `base`, and try again when it has completed"
        tuning.jobs.clear()
    (done,) = run(tuning, [base])
    assert send(child, tuning)[1] == [done]


def test_the_newest_of_several_counts_submitted_or_scheduled(tmp_path: Path) -> None:
    scheduled = spec("base") + "schedule: rate(7 days)\n"
    base, child = project(tmp_path, {"base": scheduled, "child": warm("child", "latest(base)")})
    tuning = FakeTuning()
    run(tuning, [base])
    renamed(tuning, base.job.name, by_schedule(base, "202611300600"))
    (submitted,) = run(tuning, [base])
    assert send(child, tuning)[1] == [submitted]
    newest = by_schedule(base, "202612070600")
    tuning.add(
        {**tuning.jobs[submitted], "HyperParameterTuningJobName": newest}, status="Completed"
    )
    arn = tuning.jobs[newest]["HyperParameterTuningJobArn"]
    tuning.tags[arn] = {
        "hptc:project": "churn",
        "hptc:environment": "dev",
        "hptc:spec": "moved.yaml",
    }
    assert send(child, tuning, rerun=2)[1] == [newest]


NOT_MINE: dict[str, tuple[str, dict[str, str]]] = {
    "another project": ("churn-00000001", {"hptc:project": "other"}),
    "another environment": ("churn-00000001", {"hptc:environment": "prod"}),
    "another spec with a similar name": (
        "churn-xgboost-00000001",
        {"hptc:spec": "specs/churn-xgboost.yaml"},
    ),
    "another spec's file": ("churn-00000001", {"hptc:spec": "specs/other.yaml"}),
    "a name that only contains the spec's": ("the-churn-00000001", {}),
    "another environment's schedule": ("churn-999999-202611300600", {"hptc:environment": "prod"}),
}


@pytest.mark.parametrize(("name", "tags"), NOT_MINE.values(), ids=[*NOT_MINE])
def test_a_similar_job_is_not_a_run(name: str, tags: dict[str, str], tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    mine = {"hptc:project": "churn", "hptc:environment": "dev", "hptc:spec": "specs/churn.yaml"}
    tag_list = [{"Key": key, "Value": value} for key, value in {**mine, **tags}.items()]
    job = {**compiled.request, "HyperParameterTuningJobName": name, "Tags": tag_list}
    tuning.add(job, status="Completed")
    assert send(compiled, tuning)[1] == []


def test_a_job_of_another_tool_is_not_a_run(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    tuning.add(
        {**compiled.request, "HyperParameterTuningJobName": "churn-00000001"}, status="Completed"
    )
    assert send(compiled, tuning)[1] == []


def test_the_path_may_be_below_a_folder_of_the_repository(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    (first,) = run(tuning, [compiled])
    (tags,) = tuning.tags.values()
    tags["hptc:spec"] = "tuning/specs/churn.yaml"
    assert send(compiled, tuning, rerun=2)[1] == [first]


def test_a_long_name_is_recognized(tmp_path: Path) -> None:
    name = "churn-of-the-customers-of-the-northern-branches"
    (compiled,) = project(tmp_path, {"churn": warm(name, f"latest({name})")})
    tuning = FakeTuning()
    first, _ = send(compiled, tuning)
    assert send(compiled, tuning, rerun=2)[1] == [first]


def test_capital_letters_are_recognized_in_both_kinds_of_names(tmp_path: Path) -> None:
    text = warm("ChurnModel", "latest(ChurnModel)") + "schedule: rate(7 days)\n"
    (compiled,) = project(tmp_path, {"churn": text})
    tuning = FakeTuning()
    first, _ = send(compiled, tuning)
    assert send(compiled, tuning, rerun=2)[1] == [first]
    scheduled = renamed(tuning, f"{first}-r2", by_schedule(compiled, "202611300600"))
    assert send(compiled, tuning, rerun=3)[1] == [scheduled]


def test_other_parents_are_kept_and_each_is_sent_once(tmp_path: Path) -> None:
    base, child = project(
        tmp_path,
        {"base": spec("base"), "child": warm("child", "latest(child)", "base", "latest(base)")},
    )
    tuning = FakeTuning()
    (done,) = run(tuning, [base])
    first, from_first = send(child, tuning)
    assert from_first == [done]
    assert send(child, tuning, rerun=2)[1] == [first, done]


def test_too_many_similar_jobs_block_the_submission(tmp_path: Path) -> None:
    """Rather than a start without a parent that may be behind them."""
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    for number in range(50):
        name = f"the-churn-{number}"
        tuning.add({**compiled.request, "HyperParameterTuningJobName": name}, status="Completed")
    decision = decide(compiled, JobSnapshot(tuning=tuning), deployed("churn"), provenance=origin)
    assert isinstance(decision, Blocked)
    assert decision.obstacle is Obstacle.PARENT
    assert decision.reason == (
        "none of the newest 50 completed tuning jobs with a name like `churn` is of this spec in "
        "the environment `dev`"
    )


def test_it_takes_one_list_and_the_tags_of_the_candidates(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    tuning = FakeTuning()
    run(tuning, [compiled])
    (after,) = project(tmp_path, {"churn": warm("churn", "latest(churn)", change=WIDER)})
    decision = decide(after, JobSnapshot(tuning=tuning), deployed("churn"), provenance=origin)
    assert isinstance(decision, Submit)
    assert tuning.calls == ["describe", "list_jobs", "list_tags"]


def test_a_dry_run_shows_what_it_stands_for_now(tmp_path: Path) -> None:
    base, child = project(tmp_path, {"base": spec("base"), "child": warm("child", "latest(base)")})
    tuning = FakeTuning()

    def outcome() -> DryRun:
        return dry_run(child, tuning, deployed("child"), provenance=origin)

    assert parents(outcome().request) == ["${hptc:latest(base)}"]
    assert [*dry_run_notes(outcome())] == [
        "without a completed tuning job, left as references: base"
    ]
    (done,) = run(tuning, [base])
    assert parents(outcome().request) == [done]
    assert [*dry_run_notes(outcome())] == [
        f"warm start from {done}, the newest completed tuning job of base"
    ]


def test_a_submission_reports_what_it_stands_for(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    lines: list[str] = []
    submit(compiled, FakeTuning(), deployed("churn"), provenance=origin, progress=lines.append)
    assert lines[0] == (
        f"{compiled.job.name}: no warm start from churn, which has no completed tuning job yet"
    )


def test_compile_resolves_it(tmp_path: Path) -> None:
    base, child = project(tmp_path, {"base": spec("base"), "child": warm("child", "latest(base)")})
    tuning = FakeTuning()
    with pytest.raises(OperationError, match="no completed tuning job"):
        resolve_references(child, tuning, deployed("child"))
    (done,) = run(tuning, [base])
    assert parents(resolve_references(child, tuning, deployed("child"))) == [done]


def test_a_request_in_the_apis_form_cannot_use_it(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    file = tmp_path / "request.json"
    file.write_text(json.dumps(compiled.request), "utf-8")
    request = compile_file(str(file), Workspace(environment="dev"))
    assert isinstance(request, Compiled)
    with pytest.raises(UsageError, match="but it is not a spec"):
        submit(request, FakeTuning(), deployed(), provenance=origin)


def specs(folder: Path) -> list[Compiled]:
    return project(
        folder,
        {
            "base": spec("base"),
            "child": warm("child", "latest(base)"),
            "itself": warm("itself", "latest(itself)"),
            "waiting": warm("waiting", "latest(itself)"),
        },
    )


def test_a_plan_shows_what_it_stands_for(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcomes, tuning = specs(Path()), FakeTuning()
    run(tuning, outcomes[:1])
    plan = planned(outcomes, tuning)
    golden("plan/latest.txt", render_plan(plan))
    golden("plan/latest.json", plan_text(plan))
    assert read_plan(plan_text(plan)) == plan


def out_of_date(
    compiled_specs: list[Compiled], tuning: FakeTuning, change: Callable[[], object]
) -> str:
    """What applying a plan reports after a change in AWS."""
    plan = planned(compiled_specs, tuning)
    change()
    stacks = deployed(*(compiled.name for compiled in compiled_specs))
    with pytest.raises(OperationError) as raised:
        check_plan(plan, compiled_specs, tuning, stacks, provenance=origin)
    return raised.value.message


def test_a_plan_is_out_of_date_after_a_newer_run(tmp_path: Path) -> None:
    outcomes, tuning = specs(tmp_path)[:2], FakeTuning()
    (done,) = run(tuning, outcomes[:1])
    message = out_of_date(outcomes, tuning, lambda: run_again(tuning, done, "base-00000001"))
    expected = f"`base` was `{done}` and is now `base-00000001`"
    assert f"the newest completed tuning job of {expected}" in message


def test_a_plan_is_out_of_date_after_a_first_run(tmp_path: Path) -> None:
    tuning = FakeTuning()
    before = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    after = project(tmp_path, {"churn": warm("churn", "latest(churn)", change=WIDER)})
    message = out_of_date(after, tuning, lambda: run(tuning, before))
    expected = f"`churn` was none and is now `{before[0].job.name}`"
    assert f"the newest completed tuning job of {expected}" in message


def run_again(tuning: FakeTuning, name: str, as_name: str) -> None:
    """Add a completed job like another one, with the same tags."""
    job = tuning.jobs[name]
    tags = tuning.tags[job["HyperParameterTuningJobArn"]]
    tag_list = [{"Key": key, "Value": value} for key, value in tags.items()]
    tuning.add(
        {**job, "HyperParameterTuningJobName": as_name, "Tags": tag_list}, status="Completed"
    )


def test_applying_a_plan_sends_what_it_shows(tmp_path: Path) -> None:
    outcomes, tuning = specs(tmp_path), FakeTuning()
    (done,) = run(tuning, outcomes[:1])
    plan = planned(outcomes, tuning)
    names = [compiled.name for compiled in outcomes]
    checked = check_plan(plan, outcomes, tuning, deployed(*names), provenance=origin)
    applied = list(apply(checked, tuning))
    sent = [parents(job.outcome.request) for job in applied if isinstance(job.outcome, Submitted)]
    assert sent == [[done], []]


def online(compiled: Compiled, tuning: FakeTuning) -> list[tuple[str, str]]:
    account = FakeAccount(tuning=tuning, stacks=deployed(compiled.name)).account
    (checked,) = check_online([compiled], lambda _: account)
    diagnostics = [diagnostic for diagnostic in checked.diagnostics if diagnostic.code < "HPT905"]
    return [(finding.code, finding.message) for finding in diagnostics]


def test_the_online_checks_compare_with_the_run(tmp_path: Path) -> None:
    base, child = project(tmp_path, {"base": spec("base"), "child": warm("child", "latest(base)")})
    tuning = FakeTuning()
    assert online(child, tuning) == [
        (
            "HPT902",
            "no completed tuning job of the parent `base` found in the environment `dev`",
        )
    ]
    (done,) = run(tuning, [base])
    assert online(child, tuning) == []
    tuning.jobs[done]["TrainingJobDefinition"]["StaticHyperParameters"]["alpha"] = "1"
    assert [code for code, _ in online(child, tuning)] == ["HPT703"]


def test_the_online_checks_accept_a_first_run(tmp_path: Path) -> None:
    (compiled,) = project(tmp_path, {"churn": warm("churn", "latest(churn)")})
    assert online(compiled, FakeTuning()) == []
