"""Tuning jobs on this machine, with the interface that AWS's have.

They are in a folder, each with the records that job_folder.py describes. The methods that read
work while another process runs a tuning job, and after it has ended.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hptc.errors import AwsError, OperationError, UsageError
from hptc.files import write_whole
from hptc.local.code_snapshot import snapshot_code
from hptc.local.container_files import HOST
from hptc.local.descriptions import best_training_job, count, objective_type, summarize
from hptc.local.descriptions import describe as describe_records
from hptc.local.input_data import local_path
from hptc.local.job_folder import DEFAULT_FOLDER, JobFolder, job_folders, now
from hptc.local.launching import plan_launches
from hptc.local.process_group import LOG, ProcessGroup, end_marked
from hptc.local.run_events import Listener, ignore
from hptc.local.run_options import Launch, RunOptions, read_launch
from hptc.local.search.observation import Observation
from hptc.local.search.proposals import propose
from hptc.local.training_records import LOCAL, observe
from hptc.local.tuning_run import Setup, TuningRun
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.responses import read_summary, read_training_job, tags_of
from hptc.service.tuning_jobs import FINAL_STATUSES, JobSummary, LogEvent, TrainingJob

REGION = "local"
ACCOUNT = "000000000000"
_S3 = ".s3"  # no tuning job has such a name
IDENTICAL = "IdenticalDataAndAlgorithm"


class LocalTuning:
    """The tuning jobs of one folder. `options` say how those run that `create` starts."""

    def __init__(
        self,
        folder: Path = DEFAULT_FOLDER,
        options: RunOptions | None = None,
        *,
        region: str = REGION,
        account: str = ACCOUNT,
    ) -> None:
        self._root = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays a link
        self._options = options or RunOptions()
        own = self._root / _S3
        self._s3_root = self._options.s3_root or (own if own.is_dir() else None)
        self._arn_prefix = f"arn:aws:sagemaker:{region}:{account}"
        self._region = region
        self._runs: dict[str, TuningRun] = {}

    @property
    def region(self) -> str:
        """The Region in the ARNs."""
        return self._region

    def path_of(self, name: str) -> Path:
        """The folder of a tuning job."""
        return JobFolder(self._root, name).path

    # Reading.

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """The description of a tuning job; None if it does not exist."""
        folder = JobFolder(self._root, name)
        if not folder.exists():
            return None
        record, jobs = folder.tuning_job(), folder.training_jobs()
        return describe_records(
            record, jobs, arn=self._arn(name), now=now(), overall_best=self._overall(record, jobs)
        )

    def _overall(
        self, record: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any] | None:
        """The best training job of a tuning job and its parents, as AWS reports for this type."""
        warm_start = record["Request"].get("WarmStartConfig") or {}
        if warm_start.get("WarmStartType") != IDENTICAL:
            return None
        own = record["Request"]["HyperParameterTuningJobName"]
        candidates = {own: best_training_job(record, jobs)}
        for parent in _parents_of(record["Request"]):
            folder = JobFolder(self._root, parent)
            if folder.exists():
                candidates[parent] = best_training_job(record, folder.training_jobs())
        found = [(job, name) for name, job in candidates.items() if job is not None]
        best = best_training_job(record, [job for job, _ in found])
        return next((summarize(job, tuning_job=name) for job, name in found if job is best), None)

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        """Tuning jobs, newest first."""
        found = [
            (folder, folder.tuning_job())
            for folder in job_folders(self._root)
            if name_contains in folder.name
        ]
        found = [each for each in found if status in ("", each[1]["Status"])]
        found.sort(key=lambda each: each[1]["CreationTime"], reverse=True)
        for folder, record in found[:limit]:
            yield read_summary(self._summary(folder, record))

    def _summary(self, folder: JobFolder, record: Mapping[str, Any]) -> dict[str, Any]:
        jobs = folder.training_jobs()
        config = record["Request"]["HyperParameterTuningJobConfig"]
        modified = [each["LastModifiedTime"] for each in jobs]
        ended = record.get("EndTime")
        return {
            "HyperParameterTuningJobName": folder.name,
            "HyperParameterTuningJobArn": self._arn(folder.name),
            "HyperParameterTuningJobStatus": record["Status"],
            "Strategy": config["Strategy"],
            "CreationTime": record["CreationTime"],
            "LastModifiedTime": ended or max([record["CreationTime"], *modified]),
            **({"HyperParameterTuningEndTime": ended} if ended else {}),
            **count(jobs),
            "ResourceLimits": config.get("ResourceLimits", {}),
        }

    def list_tags(self, arn: str) -> dict[str, str]:
        """The tags of a tuning job."""
        folder = JobFolder(self._root, arn.rpartition("/")[2])
        return tags_of(folder.tuning_job()["Request"].get("Tags", [])) if folder.exists() else {}

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        """The training jobs of a tuning job, newest first."""
        folder = self._existing(name)
        kind = objective_type(folder.tuning_job())
        for record in folder.training_jobs()[::-1][:limit]:
            summary = summarize(record)
            metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
            if metric is not None:
                metric["Type"] = kind
            yield read_training_job(summary)

    def require(self, name: str) -> None:
        """Raise OperationError if there is no such tuning job."""
        self._existing(name)

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        """The description of a training job; None if it does not exist."""
        found = self._training_job(name)
        if found is None:
            return None
        return {key: value for key, value in found[1].items() if key != LOCAL}

    def _training_job(self, name: str) -> tuple[JobFolder, dict[str, Any]] | None:
        tuning_job = "-".join(name.split("-")[:-2])
        folder = JobFolder(self._root, tuning_job)
        record = folder.training_job(name) if folder.exists() else None
        return None if record is None else (folder, record)

    def billable_seconds(self, training_job: str) -> int | None:
        """The seconds that AWS bills: none."""
        description = self.describe_training_job(training_job)
        return None if description is None else description.get("BillableTimeInSeconds")

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        """What a training job logged, oldest first.

        A log on this machine has no times: all of its lines have the time of its last change.
        """
        path = self.log_path(training_job)
        if path is None or not path.is_file():
            return
        time = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if since is not None and time < since:
            return
        stream = f"{training_job}/{HOST}"
        for line in _lines(path, tail):
            yield LogEvent(time=time, message=line, stream=stream)

    def log_path(self, training_job: str) -> Path | None:
        """The file with the log of a training job; None if there is no such training job."""
        found = self._training_job(training_job)
        if found is None:
            return None
        folder, record = found
        return folder.files_of(training_job) / f"attempt-{record[LOCAL]['Attempt']}" / LOG

    # Running.

    def create(self, request: Request) -> str:
        """Create a tuning job, run it in another thread, and return its ARN.

        AwsError `ResourceInUse` if the name is taken. Raises UsageError for what can't run here.
        """
        name = request["HyperParameterTuningJobName"]
        taken = {folder.name.lower() for folder in job_folders(self._root)}
        if name.lower() in taken:
            raise AwsError(
                f"A hyperparameter tuning job with the name, {name}, already exists. "
                "Choose a different name.",
                code="ResourceInUse",
            )
        self.prepare(request)
        ready = threading.Event()
        threading.Thread(target=self._run, args=(name, ready.set), daemon=True).start()
        ready.wait()
        return self._arn(name)

    def _run(self, name: str, when_ready: Callable[[], None]) -> None:
        try:
            self.run(name, when_ready=when_ready)
        finally:
            when_ready()

    def prepare(self, request: Request, *, replaces: bool = False) -> None:
        """Write the state of a new tuning job; `replaces` deletes an earlier one of its name.

        Raises UsageError for what can't run here, before anything is deleted or written.
        """
        name = request["HyperParameterTuningJobName"]
        effective = _effective(request, self._options)
        job = read_job(effective)
        seed, parents = _seed(job, self._options), self._parents(job)
        # What the search can't do is an error now, and not after the first training jobs.
        propose(job, (), number=1, seed=seed, parents=parents)
        launches: tuple[Launch, ...] = ()
        if not self._options.is_dry:
            launches = plan_launches(job, self._options, self._s3_root)
        folder = JobFolder(self._root, name)
        if replaces and folder.exists():
            self.remove(name)
        snapshot_code(folder, launches)
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

    def run(
        self,
        name: str,
        listener: Listener = ignore,
        *,
        when_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run a tuning job to its end: a prepared one, or one whose run was interrupted.

        Raises OperationError if another process runs it.
        """
        folder = self._existing(name)
        with folder.locked():
            record = self._reopened(folder)
            launches: tuple[Launch, ...] = tuple(map(read_launch, record["Launches"]))
            job = read_job(record["Request"])
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
            [record["Since"], *(each["LastModifiedTime"] for each in jobs)]
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
        """Start to stop a tuning job. Nothing is deleted."""
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
        for job in folder.training_jobs():
            group = ProcessGroup.find(
                folder.files_of(job["TrainingJobName"]) / f"attempt-{job[LOCAL]['Attempt']}"
            )
            if group is not None:
                group.kill()
        end_marked(folder.path)
        folder.write_tuning_job({**record, "Status": "Stopped", "EndTime": now()})

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

    def is_running(self, name: str) -> bool:
        """Whether a process runs a tuning job."""
        return JobFolder(self._root, name).is_running()

    def is_dry(self, name: str) -> bool:
        """Whether the values of a tuning job are made up."""
        folder = JobFolder(self._root, name)
        return folder.exists() and bool(folder.tuning_job()["IsDry"])

    def remove(self, name: str) -> None:
        """Delete a tuning job that is not running."""
        folder = self._existing(name)
        with folder.locked():
            folder.remove()

    def _parents(self, job: TuningJob) -> tuple[Observation, ...]:
        """The training jobs of the warm-start parents. Raises UsageError if one didn't run here."""
        if job.warm_start is None or self._options.ignores_parents:
            return ()
        found: list[Observation] = []
        for parent in job.warm_start.parents:
            folder = JobFolder(self._root, parent)
            if not folder.exists():
                raise UsageError(
                    f"{job.name} starts from {parent}, which has not run on this machine",
                    help="run the parent first, or use --without-parents",
                )
            found += map(observe, folder.training_jobs())
        numbered = enumerate(found, 1)
        return tuple(dataclasses.replace(each, number=number) for number, each in numbered)

    def _existing(self, name: str) -> JobFolder:
        folder = JobFolder(self._root, name)
        if not folder.exists():
            raise OperationError(
                f"no tuning job `{name}` found in {self._root}",
                help="`hptc local list` lists the tuning jobs",
            )
        return folder

    def _arn(self, name: str) -> str:
        return f"{self._arn_prefix}:hyper-parameter-tuning-job/{name}"


_OF_END = ("EndTime", "FailureReason", "Completion")


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


def _parents_of(request: Request) -> Iterator[str]:
    for parent in (request.get("WarmStartConfig") or {}).get("ParentHyperParameterTuningJobs", ()):
        yield parent["HyperParameterTuningJobName"]


def _lines(path: Path, tail: int | None) -> Iterator[str]:
    """The lines of a log, or the last ones; of a long log, only its end is read for them."""
    most = 1 << 20
    with path.open("rb") as stream:
        if tail is None:
            for line in stream:
                yield line.rstrip(b"\r\n").decode(errors="replace")
            return
        stream.seek(max(0, path.stat().st_size - most))
        lines = stream.read(most).splitlines()
    for line in lines[-tail:] if tail else ():
        yield line.decode(errors="replace")
