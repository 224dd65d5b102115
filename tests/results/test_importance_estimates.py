"""The importance of hyperparameters, from the training jobs that a service reports."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from hptc.catalog.prices import packaged
from hptc.results.gather import ReadOptions, read_results
from hptc.results.importance_estimates import with_importance
from hptc.results.training_results import Results
from tests.support.tuned_jobs import END, SPEC, tuned

OPTIONS = ReadOptions(reads_logs=False)


def results(text: str = SPEC, jobs: int = 40) -> Results:
    tuning, name = tuned(text, training_jobs=jobs)
    return read_results(tuning, name, packaged(), options=OPTIONS, now=END)


def test_what_has_an_effect_comes_first() -> None:
    (importance,) = with_importance(results()).importance
    names = [name for name, _ in importance.shares]
    assert names[0] == "eta"
    assert names[-1] == "dropout"
    assert importance.r_squared is not None
    assert importance.r_squared > 0.5
    assert importance.unknown == ""


@pytest.mark.parametrize("jobs", [0, 1, 14])
def test_too_few_training_jobs(jobs: int) -> None:
    tuning, name = tuned(training_jobs=max(jobs, 1))
    tuning.training_jobs[name] = tuning.training_jobs[name][:jobs]
    job_results = read_results(tuning, name, packaged(), options=OPTIONS, now=END)
    (importance,) = with_importance(job_results).importance
    assert importance.shares == ()
    assert importance.unknown.startswith(f"not enough evidence: {jobs} training job")


def test_each_definition_has_its_own() -> None:
    single = SPEC[SPEC.index("training_job:\n") + len("training_job:\n") :]
    body = "".join(f"  {line}\n" for line in single.splitlines())
    head = SPEC[: SPEC.index("training_job:\n")]
    job_results = with_importance(
        results(f"{head}training_jobs:\n  one:\n{body}  two:\n{body}", 60)
    )
    assert [estimate.definition for estimate in job_results.importance] == ["one", "two"]
    assert all(estimate.shares for estimate in job_results.importance)


def test_reading_results_needs_no_numpy_and_without_it_the_reason_says_how_to_get_it() -> None:
    script = dedent(
        """
        import sys
        sys.modules["numpy"] = None
        from hptc.catalog.prices import packaged
        from hptc.results.gather import ReadOptions, read_results
        from hptc.results.importance_estimates import with_importance
        from tests.support.tuned_jobs import END, tuned

        tuning, name = tuned(training_jobs=40)
        results = read_results(tuning, name, packaged(), options=ReadOptions(), now=END)
        print(with_importance(results).importance[0].unknown)
        """
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == (
        "the importance of hyperparameters requires numpy and scipy, but numpy is not installed: "
        "run `pip install 'hptc[local]'`"
    )
