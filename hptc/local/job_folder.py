"""The state of a tuning job on this machine: files in a folder.

    <folder>/.gitignore                      keeps the folder out of git
    <folder>/<tuning job>/tuning-job.json    the request, how it runs, and how it has ended
    <folder>/<tuning job>/training-jobs/     a record of each training job, as DescribeTrainingJob
                                             returns it, and a folder with its files
    <folder>/<tuning job>/code/              the code, as it was when the tuning job started
    <folder>/<tuning job>/data/              links to the data that manifests list
    <folder>/<tuning job>/lock, stop         the run that works on it; whether it is to stop

The records are the truth; everything else that hptc reports is derived from them. Each is replaced
as a whole, so that a run can be killed at any moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hptc.errors import OperationError, UsageError
from hptc.files import require_no_link_out, write_whole
from hptc.project import project_file

DEFAULT_FOLDER = Path(".hptc/local")
VERSION = 1

_TUNING_JOB, _TRAINING_JOBS, _CODE, _DATA, _LOCK, _STOP = (
    "tuning-job.json", "training-jobs", "code", "data", "lock", "stop",
)  # fmt: skip
_NAME = re.compile(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*")
_GITIGNORE = "# Made by hptc local: tuning jobs that ran on this machine.\n*\n"
_TIMES = (
    *("CreationTime", "LastModifiedTime", "TrainingStartTime", "TrainingEndTime", "EndTime"),
    *("StartTime", "Timestamp", "ConvergenceDetectedTime", "Since"),
)
_WITH_TIMES = ("SecondaryStatusTransitions", "FinalMetricDataList")


class UnreadableRecordError(UsageError):
    """A record of a tuning job that this version of hptc can't read."""


class JobFolder:
    """The folder of one tuning job."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.path = root / name
        self._root = root

    def exists(self) -> bool:
        """Whether there is such a tuning job."""
        return is_job_name(self.name) and (self.path / _TUNING_JOB).is_file()

    @property
    def code(self) -> Path:
        """The folder of the code, with a folder for each training job definition."""
        return self.path / _CODE

    @property
    def files(self) -> Path:
        """The folder with the files of all training jobs."""
        return self.path / _TRAINING_JOBS

    def files_of(self, training_job: str) -> Path:
        """The folder with the files of a training job."""
        return self.files / training_job

    @property
    def new_code(self) -> Path:
        """Where the code of a new tuning job is prepared, while an earlier one is still there."""
        return self._root / f".{self.name}.new"

    @property
    def data(self) -> Path:
        """The folder of the data that manifests list, with a folder for each definition."""
        return self.path / _DATA

    @property
    def new_data(self) -> Path:
        """Where this data is prepared, while an earlier tuning job is still there."""
        return self._root / f".{self.name}.new-data"

    def prepare(self) -> None:
        """Create the folder of all tuning jobs.

        Raises UsageError if it can't be written, or a link leads out of the repository.
        """
        require_no_link_out(self.path / _TUNING_JOB)
        ignore = self._root / ".gitignore"
        with self._accessible():
            if not ignore.exists():
                write_whole(ignore, _GITIGNORE)

    def create(self, record: Mapping[str, Any]) -> None:
        """Create the folder of a new tuning job, with the code and data that are prepared.

        Raises OperationError if files of an earlier one can't be deleted, such as another user's.
        """
        self._delete()  # without a record: the tuning job is not there yet
        with self._accessible():
            self.files.mkdir(parents=True)
            self.new_code.replace(self.code)
            if self.new_data.is_dir():
                self.new_data.replace(self.data)
        self.write_tuning_job(record)

    @contextlib.contextmanager
    def preparing(self) -> Iterator[None]:
        """Prepare a new tuning job. If anything fails, only an earlier run of it is left."""
        try:
            yield
        except BaseException:  # Ctrl-C too
            for folder in (self.new_code, self.new_data):
                shutil.rmtree(folder, ignore_errors=True)
            raise

    def remove(self) -> None:
        """Delete the folder. Raises OperationError if another user's files can't be deleted."""
        (self.path / _TUNING_JOB).unlink(missing_ok=True)  # first: then the job is gone
        self._delete()

    def _delete(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.is_dir():
            raise OperationError(
                f"{self.path} can't be deleted, because files in it belong to another user",
                help=f"`sudo rm -r {self.path}` deletes it",
            )

    def tuning_job(self) -> dict[str, Any]:
        """The record of the tuning job. Raises UnreadableRecordError."""
        record = _read(self.path / _TUNING_JOB)
        if record.get("Version") != VERSION:
            raise UnreadableRecordError(
                f"{self.path}: another version of hptc wrote this tuning job",
                help=f"delete the folder {self.path}, and run it again",
            )
        return record

    def write_tuning_job(self, record: Mapping[str, Any]) -> None:
        """Replace the record of the tuning job."""
        with self._writing():
            write_whole(self.path / _TUNING_JOB, _json({"Version": VERSION, **record}))

    def training_jobs(self) -> list[dict[str, Any]]:
        """The records of the training jobs, in the order of their creation.

        Raises UnreadableRecordError.
        """
        records = (path for path in self.files.iterdir() if path.name.endswith(".json"))
        in_order = sorted(records, key=lambda path: (len(path.name), path.name))
        written = (path for path in in_order if path.name[0] != "." and path.stat().st_size)
        return [_read(path) for path in written]

    def training_job(self, name: str) -> dict[str, Any] | None:
        """The record of a training job; None if it does not exist."""
        path = self.files / f"{name}.json"
        return _read(path) if is_job_name(name) and path.is_file() else None

    def write_training_job(self, record: Mapping[str, Any]) -> None:
        """Replace the record of a training job.

        That of one that runs is not forced to the disk, which takes as long as starting a process:
        after a power failure, the training job is gone as well.
        """
        path = self.files / f"{record['TrainingJobName']}.json"
        with self._writing():
            if record["TrainingJobStatus"] != "InProgress":
                write_whole(path, _json(record))
                return
            new = path.with_name(f".{path.name}.new")
            new.write_text(_json(record), encoding="utf-8")
            new.replace(path)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise OperationError for a record that can't be written, most often on a full disk."""
        try:
            yield
        except (OSError, UsageError) as error:
            reason = str(error).rpartition(": ")[2]
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
            is_refused = reason.startswith(("Permission", "Operation not permitted", "Read-only"))
            advice = "let hptc write to it" if is_refused else "free some space"
            raise OperationError(
                f"{self.name} was interrupted: {self.path} can't be written: {reason}",
                help=f"{advice}; --resume continues the run",
            ) from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs away. Raises OperationError if one is working on the tuning job."""
        with self._accessible():
            self.path.mkdir(parents=True, exist_ok=True)
            opened = (self.path / _LOCK).open("a+")
        with opened as lock:
            if not _take(lock.fileno()):
                lock.seek(0)
                holder = lock.read().strip() or "another process"
                raise OperationError(
                    f"{self.name} is already running, in process {holder}",
                    help=f"`hptc local status {self.name}` shows its progress",
                )
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            (self.path / _STOP).unlink(missing_ok=True)
            yield

    def is_running(self) -> bool:
        """Whether a run is working on the tuning job."""
        with self._accessible():
            try:
                with (self.path / _LOCK).open() as lock:
                    return not _take(lock.fileno())
            except FileNotFoundError:
                return False

    def request_stop(self) -> None:
        """Ask the run that works on the tuning job to stop it."""
        with self._accessible():
            (self.path / _STOP).touch()

    def is_stop_requested(self) -> bool:
        """Whether the tuning job is to stop."""
        return (self.path / _STOP).exists()

    @contextlib.contextmanager
    def _accessible(self) -> Iterator[None]:
        """Raise UsageError for a file that can't be used, such as another user's."""
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"{error.filename or self.path}: {error.strerror}",
                help="`--folder DIR` keeps tuning jobs in another folder",
            ) from None


def jobs_folder(folder: Path | None, *, project: Path | None = None) -> Path:
    """The folder that the user names, else the one in the project or the current folder.

    `project` is a folder of the project, by default the current one.
    """
    if folder is not None:
        return folder
    start = project or Path.cwd()
    project_path = project_file.find(start)
    return (project_path.parent if project_path is not None else start) / DEFAULT_FOLDER


def is_job_name(name: str) -> bool:
    """Whether a text can be the name of a tuning job, and so of its folder."""
    return _NAME.fullmatch(name) is not None


def job_folders(root: Path) -> list[JobFolder]:
    """The folders of all tuning jobs, in the order of their names."""
    if not root.is_dir():
        return []
    folders = (JobFolder(root, path.name) for path in sorted(root.iterdir()))
    return [folder for folder in folders if folder.exists()]


def now() -> datetime:
    """The time, as the records have it."""
    return datetime.now(UTC)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, default=_time_text, separators=(",", ":"))


def _time_text(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds")


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("it is not a record")
    except (OSError, ValueError) as error:
        raise UnreadableRecordError(
            f"{path}: can't be read: {error}",
            help="delete the folder of the tuning job, and run it again",
        ) from None
    _read_times(record)
    _read_times(record.get("Completion") or {})
    for name in _WITH_TIMES:
        for member in record.get(name, ()):
            _read_times(member)
    return record


def _read_times(record: dict[str, Any]) -> None:
    for name in _TIMES:
        if isinstance(record.get(name), str):
            record[name] = datetime.fromisoformat(record[name])
