"""The tuning jobs of a project, by their tags."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hptc.errors import AwsError
from hptc.jobs.job_list import ProjectJobs, project_jobs
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


def names(found: ProjectJobs) -> list[str]:
    return [job.name for job, _ in found.jobs]


def test_the_jobs_of_a_project_newest_first() -> None:
    found = listed({"a": "churn", "b": "other", "c": "", "d": "churn"})
    assert names(found) == ["d", "a"]
    assert (found.unreadable, found.is_cut) == (0, False)


def test_jobs_with_unreadable_tags_are_counted() -> None:
    found = listed({"a": "churn", "a-secret": "churn", "b-secret": "other"})
    assert names(found) == ["a"]
    assert found.unreadable == 2


@pytest.mark.parametrize(("limit", "expected"), [(1, ["c"]), (2, ["c", "b"]), (3, ["c", "b", "a"])])
def test_a_list_ends_at_its_limit(limit: int, expected: list[str]) -> None:
    found = listed({"a": "churn", "b": "churn", "c": "churn"}, limit)
    assert names(found) == expected
    assert not found.is_cut


@pytest.mark.parametrize(("others", "is_cut"), [(199, False), (200, True)])
def test_the_tags_of_200_jobs_are_read(others: int, is_cut: bool) -> None:
    found = listed({"oldest": "churn", **{f"job-{n}": "other" for n in range(others)}})
    assert names(found) == ([] if is_cut else ["oldest"])
    assert found.is_cut is is_cut
