"""Results of tuning jobs as Optuna gets them, and studies as it opens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from hptc.catalog.prices import packaged
from hptc.results.gather import ReadOptions, read_results
from hptc.results.study_files import DATABASE_SUFFIXES
from hptc.results.training_results import Results
from hptc.service.tuning_jobs import TrainingJob
from tests.support.tuned_jobs import END, SPEC, tuned

OPTIONS = ReadOptions(reads_logs=False)


def results_of(
    text: str = SPEC,
    *,
    jobs: int = 20,
    status: str = "Completed",
    change: Callable[[int, TrainingJob], TrainingJob] = lambda _, job: job,
) -> Results:
    """The results of a tuning job; `change` gets each training job and its number, from 1."""
    tuning, name = tuned(text, training_jobs=max(jobs, 1), status=status)
    listed = tuning.training_jobs[name][::-1][:jobs]
    tuning.training_jobs[name] = [change(*numbered) for numbered in enumerate(listed, 1)][::-1]
    return read_results(tuning, name, packaged(), options=OPTIONS, now=END)


def with_values(**values: str) -> Callable[[int, TrainingJob], TrainingJob]:
    """A change of the hyperparameters of the third training job."""

    def change(number: int, job: TrainingJob) -> TrainingJob:
        if number != 3:
            return job
        tuned_values = {**dict(job.tuned_hyperparameters), **values}
        return replace(job, tuned_hyperparameters=tuple(tuned_values.items()))

    return change


def two_definitions(second: str = "Maximize") -> str:
    """The spec with two training job definitions."""
    head, _, single = SPEC.partition("training_job:\n")
    body = "".join(f"  {line}\n" for line in single.splitlines())
    other = body.replace("type: Maximize", f"type: {second}")
    return f"{head}training_jobs:\n  one:\n{body}  two:\n{other}"


@contextmanager
def opened(path: Path) -> Iterator[BaseStorage]:
    """A study file as Optuna opens it."""
    if path.suffix not in DATABASE_SUFFIXES:
        yield JournalStorage(JournalFileBackend(str(path)))
        return
    database = RDBStorage(f"sqlite:///{path}")
    try:
        yield database
    finally:
        database.remove_session()
        database.engine.dispose()


def load(storage: BaseStorage) -> dict[str, optuna.Study]:
    """The studies of a storage by name, in their order."""
    names = optuna.get_all_study_names(storage)
    return {name: optuna.load_study(study_name=name, storage=storage) for name in names}
