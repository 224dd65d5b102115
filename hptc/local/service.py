"""`LocalTuning`: creates, runs and stops tuning jobs on this machine.

It has the interface of AWS's tuning jobs (service/interface.py), so that commands use both in the
same way. A request is checked and planned (launching.py), its records and code are written
(job_folder.py), and a `TuningRun` works on it under a lock. Reading is in local_reader.py.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

from hptc.errors import AwsError, OperationError, UsageError
from hptc.files import write_whole
from hptc.local.code_snapshot import code_folder, snapshot_code
from hptc.local.container_engine import Engine
from hptc.local.containers import give_back, kill_left_over
from hptc.local.input_data import local_path
from hptc.local.job_folder import DEFAULT_FOLDER, JobFolder, is_job_name, job_folders, now
from hptc.local.launching import plan_launches, with_threads
from hptc.local.listed_data import FileCount, ignore_count, lay_out_listed
from hptc.local.local_reader import LocalReader
from hptc.local.process_group import ProcessGroup
from hptc.local.requirements_file import environment_folder
from hptc.local.run_events import Listener, ignore
from hptc.local.run_options import Launch, RunOptions, read_launch
from hptc.local.search.observation import Observation
from hptc.local.search.proposals import propose
from hptc.local.training_records import LOCAL, Progress, ended_record, observe
from hptc.local.tuning_run import Setup, TuningRun
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.tuning_jobs import FINAL_STATUSES
from hptc.text import quoted

REGION = "local"
ACCOUNT = "000000000000"
_S3 = ".s3"  # no tuning job has such a name


class LocalTuning(LocalReader):
    """The tuning jobs of one folder. `options` say how those run that `create` starts."""

    def __init__(
        self,
        folder: Path = DEFAULT_FOLDER,
        options: RunOptions | None = None,
        *,
        region: str = REGION,
        account: str = ACCOUNT,
        partition: str = "aws",
    ) -> None:
        super().__init__(folder, region=region, account=account, partition=partition)
        self._options = options or RunOptions()
        own = self._root / _S3
        self._s3_root = self._options.s3_root or (own if own.is_dir() else None)
        self._runs: dict[str, TuningRun] = {}
        self._threads: list[threading.Thread] = []

    def create(self, request: Request, listener: Listener = ignore) -> str:
        """Create a tuning job, run it in another thread, and return its ARN.

        AwsError `ResourceInUse` if the name is taken. Raises UsageError for what can't run here.
        """
        name = request["HyperParameterTuningJobName"]
        self.require_new(name)
        self.prepare(request)
        ready = threading.Event()
        arguments = (name, listener, ready.set)
        thread = threading.Thread(target=self._run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        ready.wait()
        return self._arn(name)

    def require_new(self, name: str) -> None:
        """Raise AwsError `ResourceInUse` if a tuning job has the name; case does not matter."""
        if name.lower() in {folder.name.lower() for folder in job_folders(self._root)}:
            raise AwsError(
                f"A hyperparameter tuning job with the name, {name}, already exists. "
                "Choose a different name.",
                code="ResourceInUse",
            )

    def close(self) -> None:
        """Kill the training jobs that `create` has started, and wait for their tuning jobs."""
        for run in list(self._runs.values()):
            run.request_stop()
            run.request_stop()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, listener: Listener, when_ready: Callable[[], None]) -> None:
        try:
            self.run(name, listener, when_ready=when_ready)
        except Exception as error:  # nobody else sees what happens in this thread
            folder = JobFolder(self._root, name)
            reason = f"InternalServerError: {error or type(error).__name__}"
            members = {"Status": "Failed", "EndTime": now(), "FailureReason": reason}
            folder.write_tuning_job({**folder.tuning_job(), **members})
        finally:
            when_ready()

    def prepare(
        self, request: Request, *, replaces: bool = False, progress: FileCount = ignore_count
    ) -> None:
        """Write the state of a new tuning job; `replaces` deletes an earlier one of its name.

        Raises UsageError for what can't run here, before anything is deleted or written.
        """
        name = request["HyperParameterTuningJobName"]
        if not is_job_name(name):
            raise UsageError(f"{quoted(name)} is not a valid name of a tuning job")
        effective = _effective(request, self._options)
        job = read_job(effective)
        seed, parents = _seed(job, self._options), self._parents(job)
        # What the search can't do is an error now, and not after the first training jobs.
        propose(job, (), number=1, seed=seed, parents=parents)
        launches: tuple[Launch, ...] = ()
        if not self._options.is_dry:
            launches = plan_launches(job, self._options, self._s3_root)
        folder = JobFolder(self._root, name)
        folder.prepare()
        with folder.preparing():
            snapshot_code(folder.new_code, launches)
            launches = lay_out_listed(folder.new_data, folder.data, job, launches, progress)
            if self._options.installs_requirements:
                launches = tuple(
                    self._with_environment(launch, folder.new_code) for launch in launches
                )
            if replaces and folder.exists():
                self.remove(name)
            folder.create(
                {
                    "Request": effective,
                    "Limits": _limits(request),
                    "Status": "InProgress",
                    "CreationTime": (created := now()),
                    "Since": created,
                    "ActiveSeconds": 0.0,
                    "Seed": seed,
                    "IsDry": self._options.is_dry,
                    "IgnoresParents": self._options.ignores_parents,
                    "GraceSeconds": self._options.grace_seconds,
                    "Launches": [launch.to_data() for launch in launches],
                }
            )

    def _with_environment(self, launch: Launch, code: Path) -> Launch:
        """A launch with the environment that has the packages of its requirements.txt."""
        if not launch.entry_point.endswith(".py") or launch.image:
            return launch
        own = code_folder(code, launch)
        environment = environment_folder(self._root, own, launch.python)
        return dataclasses.replace(launch, environment=environment)

    def run(
        self,
        name: str,
        listener: Listener = ignore,
        *,
        when_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run a tuning job to its end: a prepared one, or one whose run was interrupted.

        Raises OperationError if another process runs it, or if nothing runs its images.
        """
        folder = self._existing(name)
        with folder.locked():
            _require_engines(name, self.launches(name))
            record = self._reopened(folder)
            job = read_job(record["Request"])
            launches = with_threads(map(read_launch, record["Launches"]), job)
            setup = Setup(
                launches=launches,
                seed=record["Seed"],
                is_dry=record["IsDry"],
                grace_seconds=record["GraceSeconds"],
                arn_prefix=self._arn_prefix,
                parents=() if record["IgnoresParents"] else self._parents(job),
            )
            run = TuningRun(folder, setup, listener)
            self._runs[name] = run
            when_ready()
            try:
                run.run()
            finally:
                del self._runs[name]

    def _reopened(self, folder: JobFolder) -> dict[str, Any]:
        """The record of a tuning job that runs again, with the limits of the options."""
        record = folder.tuning_job()
        jobs = folder.training_jobs()
        last = record.get("EndTime") or max(
            [record["Since"], *(job["LastModifiedTime"] for job in jobs)]
        )
        request = deepcopy(record["Request"])
        if record.get("EndTime"):  # else it continues with the limits that it started with
            request["HyperParameterTuningJobConfig"]["ResourceLimits"] = record["Limits"]
        record = {
            **{key: value for key, value in record.items() if key not in _OF_END},
            "Status": "InProgress",
            "Request": _effective(request, self._options),
            "ActiveSeconds": record["ActiveSeconds"] + (last - record["Since"]).total_seconds(),
            "Since": now(),
        }
        folder.write_tuning_job(record)
        return record

    def request_stop(self, name: str) -> None:
        """Ask this process's run of a tuning job to stop; again to kill its training jobs."""
        run = self._runs.get(name)
        if run is not None:
            run.request_stop()

    def stop(self, name: str) -> None:
        """Request that a tuning job stop. Nothing is deleted."""
        folder = self._existing(name)
        record = folder.tuning_job()
        if record["Status"] in FINAL_STATUSES:
            raise AwsError(
                f"The request was rejected because the tuning job is {record['Status']}.",
                code="ValidationException",
            )
        if folder.is_running():
            folder.request_stop()
            return
        with folder.locked():
            self._kill_left_over(folder)
            folder.write_tuning_job({**record, "Status": "Stopped", "EndTime": now()})

    def _kill_left_over(self, folder: JobFolder) -> None:
        """Kill the training jobs of a run that was killed, without waiting for them."""
        for record in folder.training_jobs():
            if record["TrainingJobStatus"] != "InProgress":
                continue
            files = folder.files_of(record["TrainingJobName"])
            group = ProcessGroup.find(files / f"attempt-{record[LOCAL]['Attempt']}")
            if group is not None:
                group.kill()
            ended = ended_record(
                record, Progress(last={}), status="Stopped", secondary="Stopped", reason="",
                ended=now(), model="",
            )  # fmt: skip
            folder.write_training_job(ended)
        kill_left_over(folder.path, self.launches(folder.name))

    def store(
        self, bucket: str, key: str, content: Callable[[], bytes], *, kms_key_id: str | None
    ) -> bool:
        """Store the code of tuning jobs in the folder that replaces S3, unless it is there."""
        del kms_key_id  # nothing is encrypted here
        self._s3_root = self._s3_root or self._root / _S3
        path = local_path(f"s3://{bucket}/{key}", self._s3_root)
        if path.exists():
            return False
        write_whole(path, content())
        return True

    def remove(self, name: str) -> None:
        """Delete a tuning job that is not running, and kill what it has left running."""
        folder = self._existing(name)
        with folder.locked():
            self._kill_left_over(folder)
            images = {
                (launch.engine, launch.image) for launch in self.launches(name) if launch.image
            }
            for engine, image in images:
                give_back(folder.files, Engine(program=engine), image, os.getuid(), os.getgid())
            folder.remove()

    def _parents(self, job: TuningJob) -> tuple[Observation, ...]:
        """The training jobs of the warm-start parents. Raises UsageError if one didn't run here."""
        if job.warm_start is None or self._options.ignores_parents:
            return ()
        observations: list[Observation] = []
        for parent in job.warm_start.parents:
            folder = JobFolder(self._root, parent)
            if not folder.exists():
                raise UsageError(
                    f"{job.name} starts from {parent}, which has not run on this machine",
                    help="run the parent first, or use --without-parents",
                )
            observations += map(observe, folder.training_jobs())
        numbered = enumerate(observations, 1)
        return tuple(
            dataclasses.replace(observation, number=number) for number, observation in numbered
        )


_OF_END = ("EndTime", "FailureReason", "Completion")


def _require_engines(name: str, launches: Iterable[Launch]) -> None:
    """Raise OperationError if the engine of an image doesn't answer, before anything starts."""
    for program in sorted({launch.engine for launch in launches if launch.image}):
        engine = Engine(program=program)
        fault = engine.fault()
        if fault:
            raise OperationError(
                f"{name} can't run: {fault}", help=f"start {engine.title}, then use --resume"
            )


def _effective(request: Request, options: RunOptions) -> Request:
    """The request with the limits that the options set for this machine."""
    effective = deepcopy(request)
    limits = effective["HyperParameterTuningJobConfig"]["ResourceLimits"]
    if options.max_training_jobs is not None:
        limits["MaxNumberOfTrainingJobs"] = options.max_training_jobs
    if options.max_parallel is not None:
        limits["MaxParallelTrainingJobs"] = options.max_parallel
    return effective


def _limits(request: Request) -> dict[str, Any]:
    limits: dict[str, Any] = request["HyperParameterTuningJobConfig"]["ResourceLimits"]
    return dict(limits)


def _seed(job: TuningJob, options: RunOptions) -> int:
    """The seed of the search: the user's, the request's, or one that the name determines."""
    if options.seed is not None:
        return options.seed
    if job.random_seed is not None:
        return job.random_seed
    return int(hashlib.sha256(job.name.encode()).hexdigest()[:8], 16)
