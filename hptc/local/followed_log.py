"""The log of a training job for `hptc local logs --follow`: what is new in its file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from hptc.local.container_files import HOST
from hptc.local.job_folder import now
from hptc.local.local_reader import LocalReader
from hptc.local.log_tail import LogTail
from hptc.service.interface import TuningReader
from hptc.service.tuning_jobs import FINAL_STATUSES, LogEvent


class FollowedLog:
    """The lines of a training job's log that were not returned before.

    Like `NewLines` for AWS, but by their place in the file: lines on this machine have no times. A
    line is returned once it is complete, or the training job has ended.
    """

    def __init__(self, tuning: LocalReader, training_job: str) -> None:
        self._tuning = tuning
        self._training_job = training_job
        self._log: LogTail | None = None

    def read(self, _: TuningReader, *, tail: int | None = None) -> Iterator[LogEvent]:
        """New lines, oldest first. With `tail`, the first call returns at most the last ones."""
        path = self._tuning.log_path(self._training_job)
        if path is None:
            return
        limit = tail if self._log is None else None
        if self._log is None or self._log.path != path:  # it was restarted, in another folder
            self._log = LogTail(path, is_observer=True)
        lines = self._lines(self._log)
        for line in lines if limit is None else deque(lines, maxlen=limit):
            yield LogEvent(time=now(), message=line, stream=f"{self._training_job}/{HOST}")

    def _lines(self, log: LogTail) -> Iterator[str]:
        has_ended = self._has_ended()  # before the log is read, so that it is complete
        yield from log.read()
        while log.has_more():
            yield from log.read()
        if has_ended:
            yield from log.rest()

    def _has_ended(self) -> bool:
        description = self._tuning.describe_training_job(self._training_job)
        return description is None or description["TrainingJobStatus"] in FINAL_STATUSES
