"""Study files: Optuna reads what was written, in either format."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.results.optuna_studies import studies
from hptc.results.study_files import storage_url, study_file
from tests.support.optuna_results import load, opened, results_of, two_definitions


@pytest.mark.parametrize("name", ["study.log", "study.db"])
def test_optuna_reads_what_was_written(name: str, tmp_path: Path) -> None:
    results = results_of(two_definitions(), jobs=4)
    reports = {results.training_jobs[0].name: [0.5, float("nan"), 0.7]}
    expected = studies(results, reports)
    path = tmp_path / name
    steps: list[int] = []
    path.write_bytes(study_file(path, expected, steps.append))
    assert steps == list(range(1, 9))
    with opened(path) as storage:
        studies_by_name = load(storage)
        assert list(studies_by_name) == [study.name for study in expected]
        for study, wanted in zip(studies_by_name.values(), expected, strict=True):
            assert study.metric_names == ["validation:auc"]
            assert study.user_attrs == wanted.attributes
            for trial, other in zip(study.trials, wanted.trials, strict=True):
                assert (trial.number, trial.state) == (other.number, other.state)
                assert (trial.value, trial.params) == (other.value, other.params)
                assert trial.distributions == other.distributions
                assert trial.user_attrs == other.user_attrs
                assert trial.datetime_start == other.datetime_start
                assert trial.datetime_complete == other.datetime_complete
                assert repr(trial.intermediate_values) == repr(other.intermediate_values)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]  # no lock is left


def test_a_study_can_be_continued(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    path.write_bytes(study_file(path, studies(results_of(jobs=10)), lambda _: None))
    with opened(path) as storage:
        (study,) = load(storage).values()
        trial = study.ask(study.trials[0].distributions)
        study.tell(trial, 0.999)
    with opened(path) as storage:
        (again,) = load(storage).values()
        assert (len(again.trials), again.best_value) == (11, 0.999)


def test_the_address_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage_url(Path("a.log")) == f"{tmp_path}/a.log"
    assert storage_url(Path("a.db")) == f"sqlite:///{tmp_path}/a.db"
