"""One training job that runs on this machine: its files, its process, its metrics and its end.

`TuningRun` decides when it starts and stops, and writes its record. This module carries that out
with a process group, in which an engine can run a container, and reads the log. It knows nothing of
the search or of other training jobs.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.local.container_engine import FAILED_BEFORE_START, Engine, engine_message
from hptc.local.container_files import (
    BASE,
    KEPT,
    ContainerFiles,
    checkpoint_place,
    input_data_config,
    lay_out,
    remove_inputs,
    resource_config,
)
from hptc.local.containers import OPT_ML, Container, container_of
from hptc.local.job_folder import now
from hptc.local.log_tail import LogTail
from hptc.local.metric_reader import MetricReader
from hptc.local.pipes import piped_channels
from hptc.local.process_group import LOG, ProcessGroup, exit_code, forget_exit_code, kill_marked
from hptc.local.run_options import Launch
from hptc.local.training_process import (
    TrainingInputs,
    TrainingJobStart,
    TrainingProcess,
    command_process,
    container_process,
    engine_process,
    script_process,
)
from hptc.local.training_records import LOCAL, TOO_LONG, Progress
from hptc.local.unknown_values import local_values
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS, Definition

MAX_REASON = 1024
MAX_REPORTS = 10_000
"""Values of the objective that are kept for the search. The final value is always the last one."""

_LAST_READ_SECONDS = 5.0  # for the rest of the log of a training job that has ended
_READ_SECONDS = 0.2  # for the log of one training job, before the others are looked at
_SCANNED_AFTER_SECONDS = 1.0  # looking for processes that left their group takes milliseconds
_ENGINE_SECONDS = 10.0  # for the engine to kill a container after the grace time


@frozen
class End:
    """How a training job has ended."""

    status: str  # Completed | Failed | Stopped
    secondary: str
    reason: str = ""
    exit_code: int | None = None


class TrainingRun:
    """A training job that runs. Its record is written by the caller."""

    def __init__(
        self,
        record: dict[str, Any],
        definition: Definition,
        folder: Path,
        launch: Launch | None,
        *,
        grace_seconds: float,
        when_ended: Callable[[], None],
    ) -> None:
        """`folder` has the files of this training job. `launch` is None in a dry run."""
        self.record = record
        local = record[LOCAL]
        # What was read from a part of the log that is not there anymore.
        self.reports: list[float] = list(local.get("Reports", ()))
        self.last: dict[str, tuple[float, datetime]] = {
            name: (value, now()) for name, value in local.get("Last", {}).items()
        }
        self._faults: dict[str, bool] = {}  # of its log, and whether each was reported
        self._definition = definition
        self._folder = folder / f"attempt-{record[LOCAL]['Attempt']}"
        self._launch = launch
        self._files = ContainerFiles(base=self._folder / BASE)
        self._container = container_of(definition, launch, self._folder) if launch else None
        self._log = LogTail(self._folder / LOG)
        self._group: ProcessGroup | None = None
        self._grace_seconds = grace_seconds
        self._when_ended = when_ended
        self._stopped_as = ""  # the secondary status of a training job that was asked to stop
        self._kill_at: float | None = None
        self._saved_bytes = 0

    @property
    def name(self) -> str:
        """The name of the training job."""
        return str(self.record["TrainingJobName"])

    @property
    def is_stopping(self) -> bool:
        """Whether the training job was asked to stop."""
        return bool(self._stopped_as)

    @property
    def last_lines(self) -> list[str]:
        """The last lines of the log, as far as they were read."""
        return list(self._log.last_lines)

    @property
    def folder(self) -> Path:
        """The folder of its files."""
        return self._folder

    def progress(self) -> Progress:
        """What it has reported so far."""
        return Progress(reports=tuple(self.reports), last=dict(self.last))

    def start(self, code: Path | None) -> None:
        """Lay out the container's files, and start the command or the container.

        `code` is the folder of the code of the training job definition. Raises OperationError.
        """
        launch, definition = self._launch, self._definition
        if launch is None:
            raise ValueError("a dry run starts nothing")
        shutil.rmtree(self._folder, ignore_errors=True)  # of a run that was killed at this moment
        code_folder = PurePath(OPT_ML, "code") if self._container else self._files.code
        known = partial(local_values, code_folder=None if code is None else code_folder)
        has_network = self._container is None or not definition.is_isolated
        inputs = TrainingInputs(
            hyperparameters=known(self.record["HyperParameters"]),
            channels=input_data_config(definition),
            resources=resource_config(definition, has_network=has_network),
            piped=piped_channels(definition, launch),
        )
        lay_out(
            self._files.base,
            hyperparameters=inputs.hyperparameters,
            channels=inputs.channels,
            resources=inputs.resources,
            data={} if self._container else launch.channels,
            code=code,
            piped=inputs.piped,
            checkpoints=None if self._container else self._checkpoints(),
        )
        start = TrainingJobStart(
            name=self.name,
            definition=definition,
            launch=launch,
            files=self._files,
            inputs=inputs,
            variables={
                **known(definition.environment),
                "TRAINING_JOB_NAME": self.name,
                "TRAINING_JOB_ARN": self.record["TrainingJobArn"],
                "AWS_REGION": launch.region,
            },
        )
        if self._container is not None:
            self._run(container_process(start, self._container))
        elif launch.entry_point:
            self._run(script_process(start))
        else:
            self._run(command_process(start))

    def _checkpoints(self) -> tuple[str, Path] | None:
        """The path of the checkpoints, and the folder that keeps them for another attempt."""
        place = checkpoint_place(self._definition)
        if place is None:
            return None
        kept = self._folder.parent / KEPT
        kept.mkdir(parents=True, exist_ok=True)
        return place, kept

    def _run(self, process: TrainingProcess) -> None:
        self._group = ProcessGroup.start(
            self._folder,
            process.command,
            cwd=process.cwd,
            environment=process.environment,
            when_ended=self._when_ended,
        )

    def find(self) -> bool:
        """Watch a process that another run of hptc has started; False if there is none to watch.

        One that has ended in the meantime, and noted its exit code, counts as found. A container
        can outlive the process that was attached to it.
        """
        self._group = ProcessGroup.find(self._folder)
        if self._group is not None or exit_code(self._folder) is not None:
            return True
        if self._container is None or not self._container.is_running():
            return False
        if self._launch is not None and piped_channels(self._definition, self._launch):
            return False  # its pipes were fed by that process
        (self._folder / LOG).write_bytes(b"")  # docker has its own copy
        self._run(engine_process(self._container.follow_command(), self._container))
        return True

    def kill_left_over(self) -> None:
        """Kill what is left of a training job whose process is gone."""
        kill_marked(self._folder)
        if self._container is not None:
            self._container.remove()

    def read_log(self, reader: MetricReader) -> bool:
        """Read what is new in the log; whether there is more."""
        deadline = time.monotonic() + _READ_SECONDS
        while True:
            lines = self._log.read()
            self._search(reader, lines)
            if not self._log.has_more():
                return False
            if time.monotonic() > deadline:
                return True

    def _search(self, reader: MetricReader, lines: list[str]) -> None:
        objective = self._definition.objective
        for reported in reader.read(self.name, self._definition.metrics, lines):
            self.last[reported.metric] = (reported.value, now())
            is_objective = objective is not None and reported.metric == objective.metric_name
            if is_objective and len(self.reports) < MAX_REPORTS:
                self.reports.append(reported.value)
        for metric in self._definition.metrics:
            if reader.is_too_slow(self.name, metric):
                text = f"{self.name}: the expression of `{metric.name}` takes too long on the log"
                self._faults.setdefault(f"{text}; skipped", False)
        if self._log.has_gaps:
            text = f"{self.name}: its log grew faster than it was read; a part of it was skipped"
            self._faults.setdefault(text, False)

    def new_faults(self) -> list[str]:
        """What is wrong with the log, each once."""
        new = [text for text, is_said in self._faults.items() if not is_said]
        self._faults.update(dict.fromkeys(new, True))
        return new

    def saves_reports(self) -> bool:
        """Put the reports into the record, if the log that they are from was emptied."""
        if self._log.dropped_bytes == self._saved_bytes:
            return False
        self._saved_bytes = self._log.dropped_bytes
        last = {name: value for name, (value, _) in self.last.items()}
        local = {**self.record[LOCAL], "Reports": list(self.reports), "Last": last}
        self.record = {**self.record, LOCAL: local}
        return True

    def check_time(self) -> None:
        """Stop the training job when it has run too long, and kill it when it doesn't stop."""
        limit = self._definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
        if not self._stopped_as and self._seconds() > limit:
            self.stop(TOO_LONG)
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            self.kill()
        if self._container is not None:
            self._container.has_started()

    def _seconds(self) -> float:
        started: datetime = self.record["TrainingStartTime"]
        return (now() - started).total_seconds()

    def stop(self, secondary: str = "Stopped") -> None:
        """Ask the training job to stop; it is killed after the grace time."""
        if self._stopped_as:
            return
        self._stopped_as = secondary
        self._kill_at = time.monotonic() + self._grace_seconds
        if self._container is not None:
            self._kill_at += _ENGINE_SECONDS
            threading.Thread(target=self._stop_container, daemon=True).start()
        elif self._group is not None:
            self._group.terminate()

    def _stop_container(self) -> None:
        """Stop the container. If it isn't there yet, end the process that would create it."""
        if self._container is None or self._container.stop(self._grace_seconds):
            return
        if self._group is not None:
            self._group.terminate()

    def kill(self) -> None:
        """Kill the training job."""
        self._stopped_as = self._stopped_as or "Stopped"
        if self._container is not None:
            self._container.remove()
        if self._group is not None:
            self._group.kill()

    def has_ended(self) -> bool:
        """Whether its process has ended."""
        return self._group is None or self._group.has_ended()

    def finish(self, reader: MetricReader) -> End:
        """Read the rest of the log, kill what the process left running, and return how it ended.

        Raises OperationError if the engine has failed, and not the training job, which can then
        start again.
        """
        code = self._group.finish() if self._group is not None else exit_code(self._folder)
        if self._stopped_as or self._seconds() > _SCANNED_AFTER_SECONDS:
            kill_marked(self._folder)
        deadline = time.monotonic() + _LAST_READ_SECONDS
        while self.read_log(reader):
            if time.monotonic() > deadline:
                self._log.skip()
        self._search(reader, self._log.rest())
        code = 128 + signal.SIGKILL if code is None else code
        program_code: int | None = code
        if self._container is not None:
            if not self._stopped_as:
                program_code = self._container.program_exit_code(code)
            self._take_over(self._container)
        remove_inputs(self._files.base)
        if program_code is None:
            forget_exit_code(self._folder)
            raise OperationError(self._engine_failure(), help="--resume continues the run")
        return self._end(program_code)

    def _take_over(self, container: Container) -> None:
        """Remove what is left of the container, and make the user the owner of its files."""
        container.remove()
        fault = container.give_back(os.getuid(), os.getgid())
        if fault:
            self._faults.setdefault(f"{self.name}: {fault}", False)

    def _end(self, code: int) -> End:
        if self._stopped_as:
            return End(status="Stopped", secondary=self._stopped_as, exit_code=code)
        if code == 0:
            return End(status="Completed", secondary="Completed", exit_code=code)
        text = self._files.failure() or self._reason(code)
        reason = (
            f"AlgorithmError: {text}, exit code: {code}"
            if text
            else (f"AlgorithmError: exit code: {code}")
        )
        if code > 128:
            reason += f" ({_signal_name(code - 128)})"
        return End(status="Failed", secondary="Failed", reason=reason[:MAX_REASON], exit_code=code)

    def _reason(self, code: int) -> str:
        """The last words of the log; those of the engine if it has started nothing."""
        engine_reason = ""
        if self._container is not None and code in FAILED_BEFORE_START:
            engine_reason = engine_message(self.last_lines)
        return engine_reason or _last_words(self.last_lines)

    def _engine_failure(self) -> str:
        engine = self._container.engine if self._container is not None else Engine()
        reason = engine.fault() or engine_message(self.last_lines) or "no reason given"
        return f"{engine.program} failed while it ran {self.name}: {reason}"

    @property
    def model(self) -> Path:
        """The folder of its model."""
        return self._files.model


def _last_words(lines: list[str]) -> str:
    """The last line that says something, such as the last one of a traceback."""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:300]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
