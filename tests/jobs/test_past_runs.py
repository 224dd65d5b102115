"""Past runs of a spec: which jobs count, and how many calls it takes to read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.cost.evidence import PastRuns, TrainingTime
from hptc.errors import AwsError
from hptc.jobs.history import listed_jobs
from hptc.jobs.past_runs import past_runs
from hptc.jobs.snapshot import JobSnapshot
from hptc.service.tuning_jobs import TrainingJob
from tests.support.fake_service import CREATED, FakeTuning, NoWrites
from tests.support.plans import WIDER, by_schedule, deployed, origin, project, renamed, spec
from tests.support.specs import WITHOUT_PARENT, compiled
from tests.support.submissions import submit

MAX_BILLED = 10
MAX_CANDIDATES = 10
MAX_RUNS = 3
MAX_TRAINING_JOBS = 750

NO_SPOT = ("  spot: {max_wait_time: 2h}\n", "")
BIGGER = ("ml.m5.xlarge", "ml.m5.2xlarge")


def ran(
    tuning: FakeTuning, outcome: Compiled, *seconds: int | None, status: str = "Completed",
    rerun: int | None = None, definitions: tuple[str, ...] = (),
) -> str:  # fmt: skip
    """A job that has ended, with a training job for each value of `seconds`; None never ran."""
    env = outcome.environment.name if outcome.environment else ""
    sent = submit(outcome, tuning, deployed(outcome.name, env=env), provenance=origin, rerun=rerun)
    job = tuning.jobs[sent.name]
    job["HyperParameterTuningJobStatus"] = status
    job["TrainingJobStatusCounters"] = {
        "Completed": sum(duration is not None for duration in seconds),
        "NonRetryableError": sum(duration is None for duration in seconds),
    }
    tuning.training_jobs[sent.name] = [
        TrainingJob(
            name=f"{sent.name}-{number:03}",
            status="Failed" if duration is None else "Completed",
            definition=definitions[number % len(definitions)] if definitions else "",
            started=None if duration is None else CREATED,
            ended=None if duration is None else CREATED + timedelta(seconds=duration),
        )
        for number, duration in enumerate(seconds)
    ]
    return sent.name


def plain(name: str, change: tuple[str, str] = ("", "")) -> str:
    return spec(name, NO_SPOT).replace(*change)


def runs_of(tuning: FakeTuning, specs: list[Compiled], max_runs: int = MAX_RUNS) -> PastRuns:
    """The past runs of the first spec, read with a client that fails on any write."""
    reading = NoWrites(
        region=tuning.region, jobs=tuning.jobs, tags=tuning.tags,
        training_jobs=tuning.training_jobs, billable=tuning.billable, calls=tuning.calls,
    )  # fmt: skip
    tuning.calls.clear()
    jobs = JobSnapshot(tuning=reading, listed=listed_jobs(reading, specs, all_jobs=False))
    return past_runs(specs, jobs, max_runs=max_runs)[0]


def seconds_of(runs: PastRuns) -> list[list[int]]:
    return [[time.seconds for time in run.times] for run in runs.runs]


class TestSelection:
    """A run counts if it has ended, has completed training jobs, and is comparable."""

    def test_none(self, tmp_path: Path) -> None:
        assert runs_of(FakeTuning(), project(tmp_path, {"churn": plain("churn")})) == PastRuns()

    @pytest.mark.parametrize(
        ("status", "seconds", "counts"),
        [
            pytest.param("Completed", (600, 900), True, id="completed"),
            pytest.param("Stopped", (600, None), True, id="stopped in between"),
            pytest.param("Failed", (600, None), True, id="failed in part"),
            pytest.param("Failed", (None, None), False, id="nothing completed"),
            pytest.param("InProgress", (600,), False, id="still running"),
            pytest.param("Completed", (0,), False, id="no time"),
        ],
    )
    def test_status(
        self, tmp_path: Path, status: str, seconds: tuple[int | None, ...], counts: bool
    ) -> None:
        specs = project(tmp_path, {"churn": plain("churn")})
        tuning = FakeTuning()
        name = ran(tuning, specs[0], *seconds, status=status)
        found = runs_of(tuning, specs)
        assert [run.name for run in found.runs] == ([name] if counts else [])
        if counts:
            assert found.runs[0].is_same_content
            assert found.runs[0].billed == 1
            assert found.runs[0].training_jobs == len(seconds)
            assert seconds_of(found) == [[duration for duration in seconds if duration]]

    def test_present_content_comes_before_earlier_content(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        now = project(tmp_path, {"churn": plain("churn")})
        first = ran(tuning, now[0], 600)
        again = ran(tuning, now[0], 900, rerun=1)
        ran(tuning, project(tmp_path, {"churn": plain("churn", WIDER)})[0], 60)
        runs = runs_of(tuning, project(tmp_path, {"churn": plain("churn")}))
        assert [run.name for run in runs.runs] == [again, first]
        assert seconds_of(runs) == [[900], [600]]

    def test_earlier_content_on_the_same_instances(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        ran(tuning, project(tmp_path, {"churn": plain("churn")})[0], 600)
        runs = runs_of(tuning, project(tmp_path, {"churn": plain("churn", WIDER)}))
        assert [(run.is_same_content, run.times) for run in runs.runs] == [
            (False, (TrainingTime(definition="", seconds=600),))
        ]

    @pytest.mark.parametrize("change", [BIGGER, ("instance_count: 1", "instance_count: 2")])
    def test_earlier_content_on_other_instances_does_not_count(
        self, tmp_path: Path, change: tuple[str, str]
    ) -> None:
        tuning = FakeTuning()
        name = ran(tuning, project(tmp_path, {"churn": plain("churn")})[0], 600)
        runs = runs_of(tuning, project(tmp_path, {"churn": plain("churn", change)}))
        assert runs == PastRuns(elsewhere=(name,))

    def test_a_run_on_demand_does_not_count_for_spot(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        name = ran(tuning, project(tmp_path, {"churn": plain("churn")})[0], 600)
        assert runs_of(tuning, project(tmp_path, {"churn": spec("churn")})).elsewhere == (name,)

    @pytest.mark.parametrize(
        "tags",
        [
            pytest.param({"hptc:project": "other"}, id="another project"),
            pytest.param({"hptc:environment": "prod"}, id="another environment"),
            pytest.param({"hptc:digest": None}, id="another tool"),
        ],
    )
    def test_jobs_of_others_do_not_count(self, tmp_path: Path, tags: dict[str, str | None]) -> None:
        specs = project(tmp_path, {"churn": plain("churn")})
        tuning = FakeTuning()
        name = ran(tuning, specs[0], 600)
        its = tuning.tags[tuning.jobs[name]["HyperParameterTuningJobArn"]]
        for key, value in tags.items():
            its.pop(key)
            its.update({key: value} if value else {})
        assert runs_of(tuning, specs) == PastRuns()

    def test_specs_with_the_same_cut_name_differ_by_their_files(self, tmp_path: Path) -> None:
        a, b = (f"a-name-as-long-as-a-name-can-be-{end}" for end in "ab")
        tuning = FakeTuning()
        ran(tuning, project(tmp_path, {"b": plain(b)})[0], 60)
        specs = project(tmp_path, {"a": plain(a, WIDER), "b": plain(b, WIDER)})
        assert runs_of(tuning, specs) == PastRuns()

    def test_each_definition_has_its_times(self, tmp_path: Path) -> None:
        outcome = compiled(tmp_path, WITHOUT_PARENT)
        tuning = FakeTuning()
        name = ran(tuning, outcome, 60, 600, definitions=("small", "large"))
        (run,) = runs_of(tuning, [outcome]).runs
        assert run.name == name
        assert [(time.definition, time.seconds) for time in run.times] == [
            ("small", 60),
            ("large", 600),
        ]


class TestSpot:
    """AWS bills a share of the time, and reports it for each training job."""

    def test_a_sample_is_read(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": spec("churn")})
        tuning = FakeTuning()
        name = ran(tuning, specs[0], *[100] * 95)
        tuning.billable = {f"{name}-{number:03}": 30 for number in range(95)}
        (run,) = runs_of(tuning, specs).runs
        assert run.billed == Fraction(3, 10)
        assert Counter(tuning.calls)["billable_seconds"] == MAX_BILLED

    @pytest.mark.parametrize(
        ("count", "read"), [(1, 1), (3, 3), (10, 10), (11, 6), (20, 10), (21, 7)]
    )
    def test_up_to_ten_training_jobs_are_read(self, tmp_path: Path, count: int, read: int) -> None:
        specs = project(tmp_path, {"churn": spec("churn")})
        tuning = FakeTuning()
        name = ran(tuning, specs[0], *[100] * count)
        tuning.billable = {f"{name}-{number:03}": 30 for number in range(count)}
        (run,) = runs_of(tuning, specs).runs
        assert run.billed == Fraction(3, 10)
        assert Counter(tuning.calls)["billable_seconds"] == read

    def test_an_unreported_share_is_unknown(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": spec("churn")})
        tuning = FakeTuning()
        ran(tuning, specs[0], 100)
        assert runs_of(tuning, specs).runs[0].billed is None

    def test_the_share_is_at_most_one(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": spec("churn")})
        tuning = FakeTuning()
        name = ran(tuning, specs[0], 100)
        tuning.billable = {f"{name}-000": 101}
        assert runs_of(tuning, specs).runs[0].billed == 1


class TestCalls:
    """The number of calls."""

    def test_of_the_same_content(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": plain("churn")})
        tuning = FakeTuning()
        for rerun in [None, *range(1, 9)]:
            ran(tuning, specs[0], 600, rerun=rerun)
        assert len(runs_of(tuning, specs).runs) == MAX_RUNS
        assert Counter(tuning.calls) == Counter(
            list_jobs=1, list_tags=MAX_RUNS, list_training_jobs=MAX_RUNS
        )

    def test_of_earlier_contents(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        for most in range(11, 16):
            content = plain("churn", ("max: 10}", f"max: {most}}}"))
            ran(tuning, project(tmp_path, {"churn": content})[0], 600)
        specs = project(tmp_path, {"churn": plain("churn")})
        assert len(runs_of(tuning, specs, max_runs=1).runs) == 1
        assert Counter(tuning.calls) == Counter(
            list_jobs=1, list_tags=1, describe=1, list_training_jobs=1
        )

    def test_the_number_of_candidates_is_limited(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        for most in range(11, 13 + MAX_CANDIDATES):
            content = plain("churn", BIGGER).replace("max: 10}", f"max: {most}}}")
            ran(tuning, project(tmp_path, {"churn": content})[0], 600)
        runs = runs_of(tuning, project(tmp_path, {"churn": plain("churn")}))
        assert (runs.runs, len(runs.elsewhere)) == ((), MAX_CANDIDATES)
        assert Counter(tuning.calls) == Counter(
            list_jobs=1, list_tags=MAX_CANDIDATES, describe=MAX_CANDIDATES
        )

    def test_the_number_of_training_jobs_is_limited(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"churn": plain("churn")})
        tuning = FakeTuning()
        ran(tuning, specs[0], *[60] * (MAX_TRAINING_JOBS + 50))
        (run,) = runs_of(tuning, specs).runs
        assert (len(run.times), run.training_jobs) == (MAX_TRAINING_JOBS, MAX_TRAINING_JOBS + 50)


def test_a_refusal_is_an_error(tmp_path: Path) -> None:
    class Shy(FakeTuning):
        def list_training_jobs(
            self, name: str, *, limit: int | None = None
        ) -> Iterator[TrainingJob]:
            raise AwsError(f"may not list those of {name} up to {limit}", code="AccessDenied")

    specs = project(tmp_path, {"churn": plain("churn")})
    tuning = Shy()
    ran(tuning, specs[0], 600)
    jobs = JobSnapshot(tuning=tuning, listed=listed_jobs(tuning, specs, all_jobs=False))
    with pytest.raises(AwsError, match="may not list"):
        past_runs(specs, jobs)


def test_a_scheduled_job_is_a_past_run(tmp_path: Path) -> None:
    specs = project(tmp_path, {"churn": "schedule: rate(7 days)\n" + plain("churn")})
    tuning = FakeTuning()
    name = ran(tuning, specs[0], 600, 660)
    renamed(tuning, name, by_schedule(specs[0], "202611300600"))
    runs = runs_of(tuning, specs)
    assert seconds_of(runs) == [[600, 660]]
    assert [run.is_same_content for run in runs.runs] == [True]
