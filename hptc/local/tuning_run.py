"""The loop of a tuning job on this machine: propose, start, read, stop, and end.

The search decides what runs next and what stops (hptc/local/search); this module carries it out.
Everything that it learns is in the records of the tuning job's folder before it acts on it, so
that it can be killed at any moment, and another run can continue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.local.code_snapshot import code_folder
from hptc.local.containers import kill_left_over
from hptc.local.descriptions import (
    active_seconds,
    best_training_job,
    completion_details,
    failure_reason,
    objective_type,
    raw_definition,
)
from hptc.local.dry_values import dry_reports
from hptc.local.job_folder import JobFolder, now
from hptc.local.metric_reader import MetricReader
from hptc.local.predefined_metrics import with_metrics
from hptc.local.run_events import Ended, Listener, Noted, Opened, Started, Waiting
from hptc.local.run_options import Launch
from hptc.local.search.autotune import autotuned
from hptc.local.search.completion import Completion, completion
from hptc.local.search.early_stopping import stops_early
from hptc.local.search.observation import Observation, Proposal
from hptc.local.search.proposals import propose
from hptc.local.training_records import (
    LOCAL,
    ended_record,
    new_record,
    objective_status,
    objective_value,
    observe,
    training_job_name,
    tuned_values,
)
from hptc.local.training_run import End, TrainingRun
from hptc.request.job_facts import OBJECTIVE_METRIC, definition_name, training_jobs
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition
from hptc.text import plural

_TICK_SECONDS = 0.1  # between two looks at the logs; the end of a process is noticed at once
_MAX_EPOCHS = 100  # that are looked at, if a script reports more than that within a tick
_REPORT_SECONDS = 1.0
_MAX_FRUITLESS = 5
"""A tuning job fails after this many training jobs if none has reported an objective. The remaining
ones would most likely fail as well. AWS doesn't document its own number."""

_EXPECTED = "MaxNumberOfTrainingJobs"


@frozen
class Setup:
    """How a tuning job runs on this machine."""

    launches: tuple[Launch, ...]
    seed: int
    is_dry: bool
    grace_seconds: float
    arn_prefix: str  # arn:aws:sagemaker:REGION:ACCOUNT
    parents: tuple[Observation, ...] = ()


class TuningRun:
    """Works on a tuning job until it ends. The caller holds the lock of its folder."""

    def __init__(self, folder: JobFolder, setup: Setup, listener: Listener) -> None:
        self._folder = folder
        self._setup = setup
        self._tell = listener
        self._record = folder.tuning_job()
        self._request = self._record["Request"]
        self._job = with_metrics(autotuned(read_job(self._request)).job)
        self._done: list[dict[str, Any]] = []  # records of training jobs that have ended
        self._observed: dict[int, Observation] = {}  # what the search knows of them
        self._running: dict[int, TrainingRun] = {}
        self._wake = threading.Event()
        self._next_report = 0.0
        self._stop_requests = 0
        self._is_exhausted = False
        self._completion: Completion | None = None
        self._reader = MetricReader(
            [metric.regex for definition in self._job.definitions for metric in definition.metrics]
        )

    def request_stop(self) -> None:
        """Stop the tuning job; a second request kills its training jobs.

        It takes no lock, so that a signal handler can call it. It takes effect at the next tick.
        """
        self._stop_requests += 1

    def run(self) -> None:
        """Run the tuning job to its end."""
        try:
            records = self._folder.training_jobs()
            ended = sum(record["TrainingJobStatus"] != "InProgress" for record in records)
            self._tell(Opened(total=training_jobs(self._job), ended=ended))
            self._restore(records)
            while not self._is_over():
                self._start_more()
                self._wake.wait(0 if self._setup.is_dry else _TICK_SECONDS)
                self._wake.clear()
                self._collect()
                self._report()
            self._end()
        except BaseException:
            for run in self._running.values():
                run.kill()  # a run that resumes starts them again
            raise
        finally:
            self._reader.close()

    def _restore(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["TrainingJobStatus"] != "InProgress":
                self._remember(record)
            elif self._setup.is_dry:
                self._running[record[LOCAL]["Number"]] = self._training_run(record)
            else:
                self._continue(record)

    def _continue(self, record: dict[str, Any]) -> None:
        """Watch a training job of an earlier run, or start it again if its process is gone."""
        run = self._training_run(record)
        number = record[LOCAL]["Number"]
        if run.find():
            self._running[number] = run
            return
        run.kill_left_over()
        local = {**record[LOCAL], "Attempt": record[LOCAL]["Attempt"] + 1}
        again = {**record, LOCAL: local, "TrainingStartTime": now(), "LastModifiedTime": now()}
        run = self._training_run(again)
        self._running[number] = run
        self._launch(run, is_again=True)

    def _training_run(self, record: dict[str, Any]) -> TrainingRun:
        return TrainingRun(
            record,
            self._definition(record[LOCAL]["Definition"]),
            self._folder.files_of(record["TrainingJobName"]),
            None if self._setup.is_dry else self._launch_of(record[LOCAL]["Definition"]),
            grace_seconds=self._setup.grace_seconds,
            when_ended=self._wake.set,
        )

    def _definition(self, name: str) -> Definition:
        definitions = self._job.definitions
        named = (
            definition
            for definition in definitions
            if definition_name(self._job, definition) == name
        )
        return next(named)

    def _is_over(self) -> bool:
        return not self._running and (
            self._is_ending() or self._is_exhausted or self._has_started_all()
        )

    def _is_ending(self) -> bool:
        return bool(self._stop_requests) or self._completion is not None or self._is_fruitless()

    def _has_started_all(self) -> bool:
        total = training_jobs(self._job)
        return total is not None and len(self._done) + len(self._running) >= total

    def _is_fruitless(self) -> bool:
        return len(self._done) >= _MAX_FRUITLESS and all(
            objective_status(training_job) == "Failed" for training_job in self._done
        )

    def _start_more(self) -> None:
        self._check_completion()
        while (
            len(self._running) < self._job.max_parallel_training_jobs
            and not self._is_ending()
            and not self._is_exhausted
            and not self._has_started_all()
        ):
            number = 1 + max([*self._observed, *self._running], default=0)
            proposal = propose(
                self._job,
                self._history(),
                number=number,
                seed=self._setup.seed,
                parents=self._setup.parents,
            )
            if proposal is None:
                self._is_exhausted = True
                return
            self._start(number, proposal)
            self._look_for_stop()

    def _start(self, number: int, proposal: Proposal) -> None:
        created = now()
        definition = self._definition(proposal.definition)
        record = new_record(
            training_job_name(self._folder.name, number, created),
            number,
            proposal,
            raw_definition(self._request, proposal.definition),
            objective=definition.objective.metric_name if definition.objective else "",
            arn_prefix=self._setup.arn_prefix,
            tuning_job=self._folder.name,
            created=created,
        )
        run = self._training_run(record)
        self._running[number] = run
        self._launch(run)

    def _launch(self, run: TrainingRun, *, is_again: bool = False) -> None:
        self._folder.write_training_job(run.record)
        local = run.record[LOCAL]
        if not self._setup.is_dry:
            launch = self._launch_of(local["Definition"])
            code = code_folder(self._folder.code, launch) if launch.entry_point else None
            try:
                run.start(code)
            except OSError as error:
                raise OperationError(f"{run.name} can't start: {error}") from None
        self._tell(
            Started(
                number=local["Number"],
                name=run.name,
                values=tuned_values(run.record),
                is_again=is_again,
            )
        )

    def _launch_of(self, definition: str) -> Launch:
        return next(launch for launch in self._setup.launches if launch.definition == definition)

    def _collect(self) -> None:
        self._look_for_stop()
        for number, run in list(self._running.items()):
            if self._setup.is_dry:  # one at a time, so that others are pending at the next start
                self._finish_dry(number, run)
                return
            if run.has_ended():
                self._finish(number, run, run.finish(self._reader))
                continue
            before = len(run.reports)
            run.read_log(self._reader)
            self._note(run.new_faults())
            if run.saves_reports():
                self._folder.write_training_job(run.record)
            if self._stops_early(run, before):
                run.stop()
            run.check_time()

    def _report(self) -> None:
        if not self._running or time.monotonic() < self._next_report:
            return
        self._next_report = time.monotonic() + _REPORT_SECONDS
        run = self._running[max(self._running)]
        self._tell(
            Waiting(
                running=len(self._running),
                ended=len(self._done),
                seconds=active_seconds(self._record, now()),
                metric=run.record["HyperParameters"][OBJECTIVE_METRIC],
                latest=run.reports[-1] if run.reports else None,
            )
        )

    def _stops_early(self, run: TrainingRun, before: int) -> bool:
        """Whether a training job stops after one of its reports that were read since `before`."""
        count = len(run.reports)
        can_stop = self._job.early_stopping == "Auto" or self._job.strategy == "Hyperband"
        if run.is_stopping or not can_stop or count == before:
            return False
        history = self._history()
        return any(
            stops_early(self._job, history, observe(run.record, run.reports[:epoch]))
            for epoch in range(max(before, count - _MAX_EPOCHS) + 1, count + 1)
        )

    def _note(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._tell(Noted(text=text))

    def _look_for_stop(self) -> None:
        if self._stop_requests == 0 and self._folder.is_stop_requested():
            self._stop_requests = 1
        if self._stop_requests and self._record["Status"] == "InProgress":
            self._write(Status="Stopping")
            count = plural(len(self._running), "running training job")
            self._tell(Noted(text=f"stopping: waiting for {count} to end"))
        for run in self._running.values() if self._stop_requests else ():
            run.stop()
            if self._stop_requests > 1:
                run.kill()

    def _check_completion(self) -> None:
        """Look for a criterion that is met, until one stops the training jobs that run."""
        if self._completion is None or not self._completion.stops_running_jobs:
            elapsed = active_seconds(self._record, now())
            met = completion(self._job, self._history(), elapsed_seconds=elapsed)
            if met is not None and met.criterion != _EXPECTED:
                self._tell(Noted(text=f"complete: {met.reason}"))
            self._completion = met
        if self._completion is not None and self._completion.stops_running_jobs:
            for run in self._running.values():
                run.stop()

    def _history(self) -> tuple[Observation, ...]:
        running = {
            number: observe(run.record, run.reports) for number, run in self._running.items()
        }
        known = self._observed | running
        return tuple(known[number] for number in sorted(known))

    # The end of a training job, and of the tuning job.

    def _finish_dry(self, number: int, run: TrainingRun) -> None:
        definition = self._definition(run.record[LOCAL]["Definition"])
        end = End(status="Completed", secondary="Completed")
        for value in dry_reports(self._job, definition, tuned_values(run.record)):
            run.reports.append(value)
            name = definition.objective.metric_name if definition.objective else ""
            run.last[name] = (value, now())
            if run.is_stopping or self._stops_early(run, len(run.reports) - 1):
                end = End(status="Stopped", secondary="Stopped")
                break
        self._finish(number, run, end)

    def _finish(self, number: int, run: TrainingRun, end: End) -> None:
        self._note(run.new_faults())
        ended = now()
        model = f"file://{run.model}" if not self._setup.is_dry else ""
        record = ended_record(
            run.record, run.progress(), status=end.status, secondary=end.secondary,
            reason=end.reason, ended=ended, model=model,
        )  # fmt: skip
        self._folder.write_training_job(record)
        del self._running[number]
        self._remember(record)
        best = best_training_job(self._record, self._done)
        started: datetime = record["TrainingStartTime"]
        self._tell(
            Ended(
                number=number,
                name=run.name,
                status=end.secondary,
                metric=record["HyperParameters"][OBJECTIVE_METRIC],
                value=objective_value(record),
                is_best=best is record,
                seconds=(ended - started).total_seconds(),
                reason=end.reason,
                exit_code=end.exit_code,
                last_lines=tuple(run.last_lines),
            )
        )

    def _remember(self, record: dict[str, Any]) -> None:
        self._done.append(record)
        self._observed[record[LOCAL]["Number"]] = observe(record)

    def _end(self) -> None:
        if not self._setup.is_dry:
            kill_left_over(self._folder.path, self._setup.launches)
        has_best = best_training_job(self._record, self._done) is not None
        reason = ""
        if self._stop_requests:
            status = "Stopped"
        elif has_best:
            status = "Completed"
        else:
            status, reason = "Failed", failure_reason(self._done)
        self._write(
            Status=status,
            EndTime=now(),
            **({"FailureReason": reason} if reason else {}),
            Completion=completion_details(
                [self._observed[number].objective for number in sorted(self._observed)],
                maximizes=objective_type(self._record) == "Maximize",
                criterion=self._completion.criterion if self._completion is not None else "",
                time=now(),
            ),
        )

    def _write(self, **members: Any) -> None:
        self._record = {**self._record, **members}
        self._folder.write_tuning_job(self._record)
