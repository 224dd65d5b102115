"""Values of a dry run: deterministic, bounded, and better near one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.local.dry_values import dry_reports
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.request.reading import read_job
from hptc.service.lookup import job_status
from tests.support.local_runs import tuning_request
from tests.support.paths import ROOT


def value(rate: str, depth: str = "5", kind: str = "Minimize") -> float:
    request = tuning_request()
    objective = request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    objective["Type"] = kind
    job = read_job(request)
    return dry_reports(job, job.definitions[0], {"rate": rate, "depth": depth})[-1]


def test_the_same_values_have_the_same_objective() -> None:
    assert value("0.5") == value("0.5") != value("0.9")
    assert value("0.5", kind="Maximize") == pytest.approx(1 - value("0.5"))
    assert all(0 <= value(f"0.{digit}") <= 1 for digit in range(1, 10))


def test_there_are_as_many_reports_as_epochs() -> None:
    job = read_job(tuning_request(static={"epochs": "4"}))
    reports = dry_reports(job, job.definitions[0], {"rate": "0.5", "depth": "5"})
    assert len(reports) == 4
    assert list(reports) == sorted(reports, reverse=True)


@pytest.mark.parametrize(("epochs", "reports"), [("99", 99), ("100", 100), ("5000", 100), ("0", 1)])
def test_there_are_at_most_100_reports(epochs: str, reports: int) -> None:
    job = read_job(tuning_request(static={"epochs": epochs}))
    values = {"rate": "0.5", "depth": "5"}
    assert len(dry_reports(job, job.definitions[0], values)) == reports


SPECS = sorted(path.name for path in (ROOT / "specs").glob("*.yaml"))


@pytest.mark.parametrize("name", SPECS)
def test_every_spec_of_the_repository_runs_dry(tmp_path: Path, name: str) -> None:
    (compiled,) = compile_paths([str(ROOT / "specs" / name)], Workspace())
    assert isinstance(compiled, Compiled)
    options = RunOptions(is_dry=True, ignores_parents=True, max_training_jobs=4)
    tuning = LocalTuning(tmp_path, options)
    tuning.prepare(compiled.request)
    tuning.run(compiled.job.name)
    status = job_status(tuning, compiled.job.name)
    assert status.status == "Completed"
    assert status.best is not None


@pytest.mark.parametrize(
    ("values", "reports"),
    [
        ({"rate": "0.5", "depth": "5", "kind": "a"}, (0.385248, 0.135248, 0.051915)),
        ({"kind": "b"}, (0.541657, 0.291657, 0.208323)),
        ({"kind": "c"}, (1.248081, 0.998081, 0.914748)),
        ({"only": "x"}, (1.279563, 1.029563, 0.946229)),
        ({}, (0.333333, 0.083333, 0.0)),
    ],
)
def test_the_values_are_the_same_on_every_machine(
    values: dict[str, str], reports: tuple[float, ...]
) -> None:
    """Each epoch is as much better than the one before as 1/n; the rest is the same for all."""
    request = tuning_request(static={"epochs": "3"})
    request["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"] = [
        {"Name": "kind", "Values": ["a", "b", "c"]}, {"Name": "only", "Values": ["x"]},
    ]  # fmt: skip
    job = read_job(request)
    assert dry_reports(job, job.definitions[0], values) == reports
