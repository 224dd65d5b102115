"""The work of a plan grows linearly with the number of specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.stack_digest import stack_digest
from hptc.jobs.decide import decide
from hptc.jobs.job_names import SpecsByJobName
from hptc.jobs.resolution import resolve
from tests.support.calls import calls_of, number_of_calls
from tests.support.fake_service import FakeTuning
from tests.support.plans import deployed, old_jobs, planned, project, run, spec

SMALL, LARGE = 10, 40


@pytest.fixture(scope="module", params=[0, 1], ids=["all new", "half submitted"])
def halves(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def submitted_project(
    folder: Path, count: int, *, submitted: int
) -> tuple[list[Compiled], FakeTuning]:
    texts = {f"spec-{index:03}": spec(f"spec-{index:03}") for index in range(count)}
    compiled = project(folder, texts)
    tuning = FakeTuning()
    run(tuning, compiled[:submitted])
    old_jobs(tuning, count, compiled[0])
    return compiled, tuning


def test_each_result_is_computed_once(tmp_path: Path) -> None:
    compiled, tuning = submitted_project(tmp_path, LARGE, submitted=LARGE // 2)
    stacks = deployed(*(outcome.name for outcome in compiled))
    calls = calls_of(
        lambda: planned(compiled, tuning, stacks),
        environment_stacks,
        foundation,
        permissions,
        stack_digest,
        decide,
        resolve,
        SpecsByJobName.__init__,
    )
    assert calls == {
        "environment_stacks": 1,
        "foundation": 1,
        "permissions": LARGE,
        "stack_digest": 1 + LARGE,  # of the foundation, and of each spec's stack
        "decide": LARGE,
        "resolve": LARGE // 2,  # a job that AWS has needs no values
        "__init__": 1,
    }


def test_four_times_the_specs_take_four_times_the_calls(tmp_path: Path, halves: int) -> None:
    numbers = {}
    for count in (SMALL, LARGE):
        compiled, tuning = submitted_project(
            tmp_path / str(count), count, submitted=halves * count // 2
        )
        stacks = deployed(*(outcome.name for outcome in compiled))
        planned(compiled, tuning, stacks)  # fills the caches of modules
        numbers[count] = number_of_calls(lambda: planned(compiled, tuning, stacks))  # noqa: B023
    assert numbers[LARGE] <= 1.05 * numbers[SMALL] * LARGE / SMALL
