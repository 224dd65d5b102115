"""The tuning jobs of a spec, found by name and tags against the fake service."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.errors import AwsError, OperationError
from hptc.infrastructure.provenance_tags import provenance_tags
from hptc.infrastructure.run_search import ParentSpec, run_search
from hptc.jobs.spec_runs import FollowedSpec, spec_runs
from tests.support.fake_service import FakeTuning
from tests.support.jobs import environment

MAX_TAGS_READ = 50

NOW, BEFORE = "a" * 64, "b" * 64
CHURN = FollowedSpec(
    name="churn",
    file="specs/churn.yaml",
    search=run_search(environment(), ParentSpec(name="churn", path="specs/churn.yaml")),
    job_name=f"churn-{NOW[:8]}",
    digest=NOW,
)
LONG = "recommendations-for-europe"
OLD = f"churn-{BEFORE[:8]}"


def add(tuning: FakeTuning, name: str, *, status: str = "Completed", **origin: str) -> None:
    """Add a job with the tags of hptc; by default, those of the spec `churn` in `demo`/`dev`."""
    defaults = {
        "project": "demo",
        "environment": "dev",
        "spec": "specs/churn.yaml",
        "digest": BEFORE,
    }
    tags = provenance_tags(**{**defaults, **origin})
    add_untagged(tuning, name, status=status, tags=tags)


def add_untagged(
    tuning: FakeTuning, name: str, *, status: str = "Completed", tags: dict[str, str] | None = None
) -> None:
    request: dict[str, Any] = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": {}},
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    }
    tuning.add(request, status=status)


def names(tuning: FakeTuning, spec: FollowedSpec = CHURN, **options: Any) -> list[str]:
    return [run.name for run in spec_runs(spec, tuning, **options).runs]


def test_jobs_of_any_content_are_found_the_newest_first() -> None:
    tuning = FakeTuning()
    add(tuning, OLD)
    add(tuning, f"churn-{NOW[:8]}", digest=NOW)
    add(tuning, f"churn-{'c' * 8}")
    assert names(tuning) == [f"churn-{'c' * 8}", f"churn-{NOW[:8]}", OLD]
    assert names(tuning, limit=1) == [f"churn-{'c' * 8}"]


def test_only_the_tags_of_the_newest_are_read_for_one_job() -> None:
    tuning = FakeTuning()
    add(tuning, OLD)
    add(tuning, f"churn-{'c' * 8}")
    assert spec_runs(CHURN, tuning, limit=1).newest().name == f"churn-{'c' * 8}"
    assert tuning.calls == ["describe", "list_jobs", "list_tags"]


@pytest.mark.parametrize(
    ("name", "origin", "is_found"),
    [
        pytest.param(OLD, {}, True, id="earlier content"),
        pytest.param(f"{OLD}-r2", {}, True, id="numbered run"),
        pytest.param(OLD, {"spec": "models/specs/churn.yaml"}, True, id="project in a folder"),
        pytest.param(OLD, {"spec": "old/moved.yaml"}, True, id="moved file"),
        pytest.param(OLD, {"environment": "prod"}, False, id="other environment"),
        pytest.param(OLD, {"project": "other"}, False, id="other project"),
        pytest.param(f"churn-eu-{'c' * 8}", {"spec": "specs/eu.yaml"}, False, id="similar name"),
        pytest.param("churn-by-hand", {"spec": "specs/x.yaml"}, False, id="other spec"),
    ],
)
def test_what_is_of_the_spec(name: str, origin: dict[str, str], is_found: bool) -> None:
    tuning = FakeTuning()
    add(tuning, name, **origin)
    assert names(tuning) == ([name] if is_found else [])


def test_runs_of_its_schedule_are_found() -> None:
    assert CHURN.search is not None
    tuning = FakeTuning()
    scheduled = f"{CHURN.search.scheduled_stem}202611300600"
    add(tuning, scheduled, spec="")
    assert names(tuning) == [scheduled]


def test_a_cut_name_of_another_spec_is_not_taken_for_its_own() -> None:
    """Two teams' specs, whose names start alike and whose files have the same name."""
    tuning = FakeTuning()
    cut = LONG[:23]
    add(tuning, f"{cut}-{BEFORE[:8]}", spec="asia/train.yaml")
    spec = FollowedSpec(
        name=LONG,
        file="europe/train.yaml",
        search=run_search(environment(), ParentSpec(name=LONG, path="europe/train.yaml")),
    )
    assert names(tuning, spec) == []
    add(tuning, f"{cut}-{NOW[:8]}", spec="europe/train.yaml")
    assert names(tuning, spec) == [f"{cut}-{NOW[:8]}"]


class TestExactName:
    """The name that the spec compiles to now."""

    def test_a_job_that_another_tool_created(self) -> None:
        tuning = FakeTuning()
        add_untagged(tuning, CHURN.job_name)
        add_untagged(tuning, OLD)  # without tags, only a name can tell
        assert names(tuning) == [CHURN.job_name]

    def test_a_pinned_name(self) -> None:
        tuning = FakeTuning()
        add(tuning, OLD)
        add(tuning, "nightly", digest=NOW)
        spec = FollowedSpec(
            name="churn", file=CHURN.file, search=CHURN.search, job_name="nightly", digest=NOW
        )
        assert names(tuning, spec) == ["nightly", OLD]

    def test_a_pinned_name_of_another_project(self) -> None:
        tuning = FakeTuning()
        add(tuning, "nightly", project="other")
        spec = FollowedSpec(
            name="churn", file=CHURN.file, search=CHURN.search, job_name="nightly", digest=NOW
        )
        assert names(tuning, spec) == []

    def test_environments_share_the_job_of_equal_requests(self) -> None:
        tuning = FakeTuning()
        add(tuning, CHURN.job_name, digest=NOW, environment="prod")
        assert names(tuning) == [CHURN.job_name]

    def test_a_request_has_one_job(self) -> None:
        tuning = FakeTuning()
        add_untagged(tuning, "by-hand")
        spec = FollowedSpec(name="by-hand", file="r.json", search=None, job_name="by-hand")
        assert names(tuning, spec) == ["by-hand"]
        assert "list_jobs" not in tuning.calls


def test_a_status_filters() -> None:
    tuning = FakeTuning()
    add(tuning, OLD, status="InProgress")
    add(tuning, CHURN.job_name, digest=NOW)
    assert names(tuning, status="InProgress") == [OLD]


class TestNone:
    """A claim that there is no tuning job is made only if that is certain."""

    def test_certain(self) -> None:
        with pytest.raises(OperationError, match=r"`churn` \(specs/churn.yaml\) has no tuning job"):
            spec_runs(CHURN, FakeTuning(), limit=1).newest()

    def test_unreadable_tags(self) -> None:
        class NoTags(FakeTuning):
            def list_tags(self, arn: str) -> dict[str, str]:
                raise AwsError("no", code="AccessDeniedException")

        tuning = NoTags()
        add(tuning, OLD)
        with pytest.raises(OperationError, match="tags of 1 with a similar") as raised:
            spec_runs(CHURN, tuning, limit=1).newest()
        assert "sagemaker:ListTags" in raised.value.help
        add(tuning, CHURN.job_name)
        assert spec_runs(CHURN, tuning, limit=1).newest().name == CHURN.job_name

    def test_too_many_similar_names(self) -> None:
        tuning = FakeTuning()
        add(tuning, OLD)
        for number in range(MAX_TAGS_READ):
            add(tuning, f"churn-{number:08x}", project="other")
        with pytest.raises(OperationError, match=f"none of the newest {MAX_TAGS_READ} tuning jobs"):
            spec_runs(CHURN, tuning, limit=1).newest()

    def test_other_errors_are_raised(self) -> None:
        class Throttled(FakeTuning):
            def list_tags(self, arn: str) -> dict[str, str]:
                raise AwsError("slow down", code="ThrottlingException")

        tuning = Throttled()
        add(tuning, OLD)
        with pytest.raises(AwsError, match="slow down"):
            spec_runs(CHURN, tuning)


@pytest.mark.parametrize(("name", "stem"), [("a" * 18, "a" * 18 + "-"), ("a" * 19, "a" * 18)])
def test_a_name_of_18_characters_is_whole_in_the_names_of_jobs(name: str, stem: str) -> None:
    assert run_search(None, ParentSpec(name=name, path="a.yaml")).stem == stem
