"""The tuning jobs of a project, by their tags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from hptc.errors import AwsError
from hptc.jobs.job_list import ProjectJobs, project_jobs, with_best
from tests.support.fake_service import FakeTuning
from tests.support.local_runs import tuning_request


class SomeUnreadable(FakeTuning):
    """The tags of tuning jobs whose names end in `secret` can't be read."""

    def list_tags(self, arn: str) -> dict[str, str]:
        if arn.endswith("secret"):
            raise AwsError("denied", code="AccessDenied")
        return super().list_tags(arn)


def listed(names: Mapping[str, str], limit: int = 50) -> ProjectJobs:
    """The list of the project `churn`, given the project of each tuning job, oldest first."""
    tuning = SomeUnreadable()
    for name, project in names.items():
        tags = [{"Key": "hptc:project", "Value": project}] if project else []
        tuning.add(tuning_request(name, Tags=tags))
    return project_jobs("churn", tuning, tuning.list_jobs(), limit=limit)


def names(listing: ProjectJobs) -> list[str]:
    return [job.name for job, _ in listing.jobs]


def test_the_jobs_of_a_project_newest_first() -> None:
    jobs = listed({"a": "churn", "b": "other", "c": "", "d": "churn"})
    assert names(jobs) == ["d", "a"]
    assert (jobs.unreadable, jobs.is_cut) == (0, False)


def test_jobs_with_unreadable_tags_are_counted() -> None:
    jobs = listed({"a": "churn", "a-secret": "churn", "b-secret": "other"})
    assert names(jobs) == ["a"]
    assert jobs.unreadable == 2


@pytest.mark.parametrize(("limit", "expected"), [(1, ["c"]), (2, ["c", "b"]), (3, ["c", "b", "a"])])
def test_a_list_ends_at_its_limit(limit: int, expected: list[str]) -> None:
    jobs = listed({"a": "churn", "b": "churn", "c": "churn"}, limit)
    assert names(jobs) == expected
    assert not jobs.is_cut


@pytest.mark.parametrize(("others", "is_cut"), [(199, False), (200, True)])
def test_the_tags_of_200_jobs_are_read(others: int, is_cut: bool) -> None:
    jobs = listed({"oldest": "churn", **{f"job-{n}": "other" for n in range(others)}})
    assert names(jobs) == ([] if is_cut else ["oldest"])
    assert jobs.is_cut is is_cut


def test_the_best_of_each_job_that_has_one_and_how_many_are_read() -> None:
    tuning, read = FakeTuning(), list[int]()
    for name in ("first", "second"):
        tuning.add(tuning_request(name))
    tuning.jobs["second"] |= {
        "ObjectiveStatusCounters": {"Succeeded": 1},
        "BestTrainingJob": {"TrainingJobName": "second-001", "TrainingJobStatus": "Completed"},
    }
    jobs = [(job, None) for job in tuning.list_jobs()]
    now = datetime(2027, 1, 1, tzinfo=UTC)
    second, first = with_best(jobs, tuning, now=now, progress=read.append)
    assert second.best is not None
    assert (second.best.name, first.best) == ("second-001", None)
    assert read == [1, 2]
    assert tuning.calls.count("describe") == 1
    unread = with_best(jobs, tuning, now=now, reads_best=False)
    assert [job.best for job in unread] == [None, None]
