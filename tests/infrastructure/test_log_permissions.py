"""The log streams that a role may write: those of its own training jobs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.statements import document
from hptc.request.identity import job_name, scheduled_stem
from tests.support.iam_calls import log_stream
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.jobs import definition, environment, job

DIGEST, OTHER_DIGEST = "3dc7b0e6" * 8, "0f0444b1" * 8
NAMES = st.from_regex(r"[A-Za-z0-9]([a-zA-Z0-9-]{0,40}[a-zA-Z0-9])?", fullmatch=True)


def writes(spec: str, tuning_job: str, *, written: str, host: str = "algo-1") -> bool:
    """Whether the role for a compiled tuning job of a spec may write the logs of another one."""
    compiled = replace(job(definition()), name=tuning_job)
    policy = document(permissions(environment(), compiled, spec=spec))
    stream = f"arn:aws:logs:us-east-1:123456789012:{log_stream(written, host)}"
    return is_allowed(Call(action="logs:PutLogEvents", resource=stream), policy)


@given(NAMES, st.sampled_from([None, 1, 42, 999]))
def test_every_tuning_job_of_a_spec_is_covered_whatever_its_content(
    spec: str, rerun: int | None
) -> None:
    compiled = job_name(spec, DIGEST)
    assert writes(spec, compiled, written=job_name(spec, OTHER_DIGEST, rerun=rerun))
    scheduled = scheduled_stem(spec, "demo", "dev")
    assert writes(spec, compiled, written=f"{scheduled}-202611300600")


@pytest.mark.parametrize(
    ("spec", "other"),
    [
        ("churn", "churn-22"),
        ("churn", "churning"),
        ("churn", "chur"),
        ("churn", "churn-weekly-search"),
        ("churn-2", "churn"),
        ("a-name-that-is-cut-to-fit", "a-name-that-is-kept"),
    ],
)
def test_another_spec_is_not_covered(spec: str, other: str) -> None:
    assert not writes(spec, job_name(spec, DIGEST), written=job_name(other, DIGEST))
    scheduled = f"{scheduled_stem(other, 'demo', 'dev')}-202611300600"
    assert not writes(spec, job_name(spec, DIGEST), written=scheduled)


def test_the_schedule_of_another_project_is_not_covered() -> None:
    theirs = f"{scheduled_stem('churn', 'other', 'dev')}-202611300600"
    assert not writes("churn", job_name("churn", DIGEST), written=theirs)


def test_a_pinned_name_is_covered_as_it_is() -> None:
    assert writes("churn", "nightly-2026", written="nightly-2026")
    assert not writes("churn", "nightly-2026", written="nightly-2027")
    assert not writes("churn", "nightly-2026", written=job_name("churn", DIGEST))


def test_only_the_streams_of_containers_are_covered() -> None:
    name = job_name("churn", DIGEST)
    assert writes("churn", name, written=name, host="algo-20")
    assert not writes("churn", name, written=name, host="other")


def test_a_change_of_content_does_not_change_the_policy() -> None:
    before, after = (
        document(permissions(environment(), replace(job(definition()), name=name), spec="churn"))
        for name in (job_name("churn", DIGEST), job_name("churn", OTHER_DIGEST))
    )
    assert before == after
