"""Stale jobs: which jobs no spec compiles to, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.jobs.history import listed_jobs
from hptc.jobs.plan import plan
from hptc.jobs.planned import StaleReason
from tests.support.fake_service import FakeTuning
from tests.support.plans import (
    WIDER,
    Paged,
    by_schedule,
    deployed,
    old_jobs,
    origin,
    planned,
    project,
    renamed,
    run,
    spec,
)
from tests.support.submissions import submit

WEEKLY = "schedule: rate(7 days)\n"
NAMES = ["churn", "a-name-as-long-as-a-name-can-get", "x" * 32]


@pytest.fixture
def churn(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {"churn": spec("churn")})


class TestListedJobs:
    """The jobs of a few specs, found by a part of their names."""

    @pytest.mark.parametrize("rerun", [None, 1, 999])
    @pytest.mark.parametrize("name", NAMES)
    def test_a_run_of_earlier_content_is_found(
        self, tmp_path: Path, name: str, rerun: int | None
    ) -> None:
        tuning = FakeTuning()
        (before,) = project(tmp_path, {"churn": spec(name)})
        sent = submit(before, tuning, deployed(name), provenance=origin, rerun=rerun)
        now = project(tmp_path, {"churn": spec(name, WIDER)})
        assert list(listed_jobs(tuning, now, all_jobs=False)) == [sent.name]

    @pytest.mark.parametrize(("count", "is_all"), [(1, False), (10, False), (11, True)])
    def test_with_more_than_ten_specs_every_job_is_listed(
        self, tmp_path: Path, count: int, is_all: bool
    ) -> None:
        tuning = FakeTuning()
        (other,) = run(tuning, project(tmp_path / "a", {"other": spec("other")}))
        specs = project(tmp_path / "b", {f"s{n}": spec(f"number-{n}") for n in range(count)})
        assert (other in listed_jobs(tuning, specs, all_jobs=False)) is is_all
        assert other in listed_jobs(tuning, specs, all_jobs=True)


class TestStaleJobs:
    """Jobs that no spec compiles to."""

    def test_running_jobs_come_first(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        before = project(
            tmp_path, {"churn": spec("churn"), "gone": spec("gone"), "kept": spec("kept")}
        )
        churn, gone, kept = before
        run(tuning, [gone], "InProgress")
        run(tuning, [churn, kept], "Completed")
        now = project(tmp_path, {"churn": spec("churn", WIDER), "kept": spec("kept")})
        new_plan = planned(now, tuning)
        assert [(job.name, job.reason, job.spec) for job in new_plan.stale.jobs] == [
            (gone.job.name, StaleReason.ORPHANED, "specs/gone.yaml"),
            (churn.job.name, StaleReason.SUPERSEDED, "churn"),
        ]
        assert [job.name for job in new_plan.unchanged] == [kept.job.name]

    def test_a_renamed_spec_supersedes_its_jobs(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        run(tuning, project(tmp_path, {"churn": spec("before")}))
        (job,) = planned(project(tmp_path, {"churn": spec("after")}), tuning).stale.jobs
        assert (job.reason, job.spec) == (StaleReason.SUPERSEDED, "after")

    @pytest.mark.parametrize("rerun", [1, 12, 999])
    @pytest.mark.parametrize("name", NAMES)
    def test_a_numbered_run_of_present_content_is_not_stale(
        self, tmp_path: Path, name: str, rerun: int
    ) -> None:
        specs = project(tmp_path, {"churn": spec(name)})
        tuning = FakeTuning()
        run(tuning, specs)
        submit(specs[0], tuning, deployed(name), provenance=origin, rerun=rerun)
        assert len(tuning.jobs) == 2
        assert planned(specs, tuning).stale.jobs == ()

    @pytest.mark.parametrize("rerun", [1, 12, 999])
    @pytest.mark.parametrize("name", NAMES)
    def test_a_numbered_run_of_earlier_content_is_stale(
        self, tmp_path: Path, name: str, rerun: int
    ) -> None:
        before = project(tmp_path, {"churn": spec(name)})
        tuning = FakeTuning()
        run(tuning, before)
        submit(before[0], tuning, deployed(name), provenance=origin, rerun=rerun)
        new_plan = planned(project(tmp_path, {"churn": spec(name, WIDER)}), tuning)
        assert [job.spec for job in new_plan.stale.jobs] == [name, name]

    @pytest.mark.parametrize("status", ["Completed", "InProgress"])
    @pytest.mark.parametrize("change", [("", ""), WIDER], ids=["same content", "earlier content"])
    def test_a_scheduled_job_is_not_stale(
        self, tmp_path: Path, change: tuple[str, str], status: str
    ) -> None:
        before = project(tmp_path, {"churn": WEEKLY + spec("churn")})
        tuning = FakeTuning()
        (name,) = run(tuning, before, status)
        renamed(tuning, name, by_schedule(before[0], "202611300600"))
        new_plan = planned(project(tmp_path, {"churn": WEEKLY + spec("churn", change)}), tuning)
        assert [job.name for job in new_plan.stale.jobs] == []
        assert len(new_plan.to_submit) == 1  # a scheduled job is not a submission

    def test_a_running_job_of_a_removed_schedule_is_stale(self, tmp_path: Path) -> None:
        before = project(tmp_path, {"churn": WEEKLY + spec("churn")})
        tuning = FakeTuning()
        (by_content,) = run(tuning, before, "InProgress")
        name = renamed(tuning, by_content, by_schedule(before[0], "202611300600"))
        (job,) = planned(project(tmp_path, {"churn": spec("churn")}), tuning).stale.jobs
        assert (job.name, job.reason, job.spec) == (name, StaleReason.SUPERSEDED, "churn")

    @pytest.mark.parametrize(
        "tags",
        [
            pytest.param({"project": "other"}, id="another project"),
            pytest.param({"environment": "prod"}, id="another environment"),
        ],
    )
    def test_jobs_of_others_are_not_stale(
        self, churn: list[Compiled], tags: dict[str, str]
    ) -> None:
        tuning = FakeTuning()
        old_jobs(tuning, 3, churn[0], **tags)
        assert planned(churn, tuning).stale.jobs == ()

    def test_a_running_job_is_recognized_by_its_tags(
        self, tmp_path: Path, churn: list[Compiled]
    ) -> None:
        tuning = FakeTuning()
        pinned = project(tmp_path / "x", {"churn": "job_name: mine\n" + spec("churn")})
        run(tuning, pinned, "InProgress")
        (job,) = planned(churn, tuning).stale.jobs
        assert (job.name, job.reason) == ("mine", StaleReason.SUPERSEDED)

    def test_a_part_of_the_specs_makes_no_orphans(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": spec("churn"), "other": spec("other")})
        tuning = FakeTuning()
        run(tuning, specs, "InProgress")
        new_plan = planned(specs[:1], tuning)
        assert not new_plan.is_whole_project
        assert new_plan.stale.jobs == ()

    @pytest.mark.parametrize(("count", "unchecked"), [(100, 0), (101, 1)])
    def test_the_tags_of_a_hundred_ended_jobs_are_read(
        self, churn: list[Compiled], count: int, unchecked: int
    ) -> None:
        tuning = Paged()
        old_jobs(tuning, count, churn[0])
        stale = planned(churn, tuning).stale
        assert (len(stale.jobs), stale.unchecked) == (100, unchecked)

    @pytest.mark.parametrize("rerun", [None, 1, 999])
    @pytest.mark.parametrize("name", NAMES)
    def test_a_part_of_the_specs_supersedes_jobs_by_their_names(
        self, tmp_path: Path, name: str, rerun: int | None
    ) -> None:
        tuning = FakeTuning()
        before = project(tmp_path, {"churn": spec(name), "other": spec("other")})
        submit(before[0], tuning, deployed(name), provenance=origin, rerun=rerun)
        now = project(tmp_path, {"churn": spec(name, WIDER), "other": spec("other")})
        new_plan = planned(now[:1], tuning)
        assert not new_plan.is_whole_project
        assert [(job.reason, job.spec) for job in new_plan.stale.jobs] == [
            (StaleReason.SUPERSEDED, name)
        ]

    def test_a_job_with_unreadable_tags_is_left_out(self, churn: list[Compiled]) -> None:
        class Shy(Paged):
            def list_tags(self, arn: str) -> dict[str, str]:
                raise AwsError("not authorized", code="AccessDeniedException")

        tuning = Shy()
        old_jobs(tuning, 2, churn[0])
        new_plan = plan(churn, tuning, deployed("churn"), provenance=origin, is_whole_project=True)
        assert (len(new_plan.to_submit), new_plan.stale.jobs) == (1, ())
