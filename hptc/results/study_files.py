"""Writes studies as a file that Optuna opens: a journal, or a SQLite database.

Optuna itself makes both in memory, so that a file is whole or does not exist, and none of Optuna's
lock files is left behind. A journal of 750 trials takes a tenth of a second; in a database each
trial takes dozens of statements, and 750 of them half a minute.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import Study as OptunaStudy
from optuna.study import StudyDirection

from hptc.results.optuna_studies import Study

JOURNAL_SUFFIXES = (".log", ".journal")
DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")

Progress = Callable[[int], None]
"""Reports how many trials are done."""


def study_file(path: Path, studies: Sequence[Study], progress: Progress) -> bytes:
    """The content of a study file, by the suffix of its name."""
    if path.suffix.lower() in DATABASE_SUFFIXES:
        return _database(studies, progress)
    return _journal(studies, progress)


def storage_url(path: Path) -> str:
    """What `optuna-dashboard` takes to open a study file."""
    whole = path.absolute()
    return f"sqlite:///{whole}" if path.suffix.lower() in DATABASE_SUFFIXES else str(whole)


def in_memory(studies: Sequence[Study]) -> BaseStorage:
    """The studies in a storage that ends with the process."""
    storage = InMemoryStorage()
    _fill(storage, studies, lambda _: None)
    return storage


def _database(studies: Sequence[Study], progress: Progress) -> bytes:
    from sqlalchemy.pool import StaticPool

    # One connection, because each one to `sqlite://` is a database of its own.
    storage = RDBStorage(
        "sqlite://",
        engine_kwargs={"poolclass": StaticPool, "connect_args": {"check_same_thread": False}},
    )
    try:
        _fill(storage, studies, progress)
        with storage.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            content: bytes = driver.serialize()
            return content
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _journal(studies: Sequence[Study], progress: Progress) -> bytes:
    journal = _JournalInMemory()
    _fill(JournalStorage(journal), studies, progress)
    lines = [json.dumps(log, separators=(",", ":")) for log in journal.logs]
    return "".join(f"{line}\n" for line in lines).encode()


class _JournalInMemory(BaseJournalBackend):
    """A journal whose lines are not in a file yet."""

    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The lines from a number on."""
        return iter(self.logs[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add lines at the end."""
        self.logs.extend(logs)


def _fill(storage: BaseStorage, studies: Sequence[Study], progress: Progress) -> None:
    done = 0
    with _quiet():
        for study in studies:
            direction = StudyDirection.MAXIMIZE if study.is_maximized else StudyDirection.MINIMIZE
            study_id = storage.create_new_study([direction], study_name=study.name)
            for name, value in study.attributes.items():
                storage.set_study_user_attr(study_id, name, value)
            if study.metric_name:
                OptunaStudy(study.name, storage).set_metric_names([study.metric_name])
            for trial in study.trials:
                storage.create_new_trial(study_id, template_trial=trial)
                done += 1
                progress(done)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's log line for each study, and its warning that metric names may change."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
