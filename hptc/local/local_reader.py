"""`LocalReader`: describes tuning jobs on this machine from the records in their folders.

It has the interface of AWS's tuning jobs (service/interface.py), and works while another process
runs a tuning job, and after it has ended. It writes nothing and starts nothing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.local.available_stand_ins import stand_in_statement
from hptc.local.code_snapshot import code_folder
from hptc.local.container_files import HOST
from hptc.local.descriptions import best_training_job, count, objective_type, summarize
from hptc.local.descriptions import describe as describe_records
from hptc.local.job_folder import JobFolder, UnreadableRecordError, job_folders, now
from hptc.local.process_group import LOG
from hptc.local.requirements_file import missing_packages
from hptc.local.run_facts import RunFacts
from hptc.local.run_options import Launch, read_launch
from hptc.local.script_mode import REQUIREMENTS, channel_variables
from hptc.local.training_records import LOCAL, tuning_job_name
from hptc.request.emission import Request
from hptc.service.responses import read_summary, read_training_job, tags_of
from hptc.service.tuning_jobs import JobSummary, LogEvent, TrainingJob

IDENTICAL = "IdenticalDataAndAlgorithm"


class LocalReader:
    """Read-only access to the tuning jobs of one folder."""

    def __init__(self, folder: Path, *, region: str, account: str, partition: str = "aws") -> None:
        self._root = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays a link
        self._arn_prefix = f"arn:{partition}:sagemaker:{region}:{account}"
        self._region = region

    @property
    def region(self) -> str:
        """The Region in the ARNs."""
        return self._region

    def path_of(self, name: str) -> Path:
        """The folder of a tuning job."""
        return JobFolder(self._root, name).path

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
        best_of_each = [(job, name) for name, job in candidates.items() if job is not None]
        best = best_training_job(record, [job for job, _ in best_of_each])
        return next(
            (summarize(job, tuning_job=name) for job, name in best_of_each if job is best), None
        )

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        """Tuning jobs, newest first."""
        records = [
            summary
            for summary in self._summaries(name_contains)
            if isinstance(summary, dict)
            and status in ("", summary["HyperParameterTuningJobStatus"])
        ]
        records.sort(key=lambda record: record["CreationTime"], reverse=True)
        yield from map(read_summary, records[:limit])

    def summaries(self) -> list[dict[str, Any]]:
        """The tuning jobs that can be read, as ListHyperParameterTuningJobs has them.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobSummary.html
        """
        return [summary for summary in self._summaries() if isinstance(summary, dict)]

    def unreadable(self, *, name_contains: str = "") -> list[UnreadableRecordError]:
        """Why other tuning jobs can't be read, most often because another version wrote them."""
        return [
            summary for summary in self._summaries(name_contains) if not isinstance(summary, dict)
        ]

    def _summaries(
        self, name_contains: str = ""
    ) -> Iterator[dict[str, Any] | UnreadableRecordError]:
        for folder in job_folders(self._root):
            if name_contains not in folder.name:
                continue
            try:
                yield self._summary(folder)
            except UnreadableRecordError as error:
                yield error

    def _summary(self, folder: JobFolder) -> dict[str, Any]:
        record, jobs = folder.tuning_job(), folder.training_jobs()
        config = record["Request"]["HyperParameterTuningJobConfig"]
        modified = [job["LastModifiedTime"] for job in jobs]
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
        yield from map(read_training_job, self.training_job_summaries(name)[:limit])

    def training_job_summaries(self, name: str) -> list[dict[str, Any]]:
        """Training jobs as ListTrainingJobsForHyperParameterTuningJob has them, newest first."""
        folder = self._existing(name)
        kind = objective_type(folder.tuning_job())
        summaries = [summarize(record) for record in reversed(folder.training_jobs())]
        for summary in summaries:
            metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
            if metric is not None:
                metric["Type"] = kind
        return summaries

    def requested(self, name: str) -> Request:
        """The request of a tuning job, with its own limits and the tags that its author gave it.

        A description has the limits that `--trials` and `--parallel` set for this machine.
        """
        record = self._existing(name).tuning_job()
        request: Request = deepcopy(record["Request"])
        request["HyperParameterTuningJobConfig"]["ResourceLimits"] = dict(record["Limits"])
        own = [tag for tag in request.pop("Tags", ()) if not tag["Key"].startswith(TAG_PREFIX)]
        return {**request, **({"Tags": own} if own else {})}

    def require(self, name: str) -> None:
        """Raise OperationError if there is no such tuning job."""
        self._existing(name)

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        """The description of a training job; None if it does not exist.

        The first message of its status says so if a stand-in ran.
        """
        job = self._training_job(name)
        if job is None:
            return None
        description = {key: value for key, value in job.record.items() if key != LOCAL}
        stand_in = _stand_ins(job.folder).get(job.record[LOCAL]["Definition"])
        if stand_in:
            first, *rest = description["SecondaryStatusTransitions"]
            stated = {**first, "StatusMessage": stand_in_statement([stand_in])}
            description["SecondaryStatusTransitions"] = [stated, *rest]
        return description

    def tuning_job_of(self, training_job: str) -> str | None:
        """The name of the tuning job that has a training job; None if there is none."""
        job = self._training_job(training_job)
        return None if job is None else job.folder.name

    def _training_job(self, name: str) -> _LocalTrainingJob | None:
        folder = JobFolder(self._root, tuning_job_name(name))
        record = folder.training_job(name) if folder.exists() else None
        return None if record is None else _LocalTrainingJob(folder=folder, record=record)

    def billable_seconds(self, training_job: str) -> int | None:
        """The seconds that AWS bills: none."""
        description = self.describe_training_job(training_job)
        return None if description is None else description.get("BillableTimeInSeconds")

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        """What a training job logged, oldest first.

        A log on this machine has no times: its lines follow the start by a microsecond each.
        """
        path, description = self.log_path(training_job), self.describe_training_job(training_job)
        if path is None or description is None or not path.is_file():
            return
        started: datetime = description["TrainingStartTime"]
        stream = f"{training_job}/{HOST}"
        for number, line in _lines(path, tail):
            time = started + timedelta(microseconds=number)
            if since is None or time >= since:
                yield LogEvent(time=time, message=line, stream=stream)

    def log_path(self, training_job: str) -> Path | None:
        """The file with the log of a training job; None if there is no such training job."""
        job = self._training_job(training_job)
        if job is None:
            return None
        attempt = job.record[LOCAL]["Attempt"]
        return job.folder.files_of(training_job) / f"attempt-{attempt}" / LOG

    def without_model(self, name: str) -> list[str]:
        """The training jobs that have completed, but saved nothing in the folder of the model."""
        folder = self._existing(name)
        completed = [
            training_job
            for training_job in folder.training_jobs()
            if training_job["TrainingJobStatus"] == "Completed"
        ]
        models = {
            training_job["TrainingJobName"]: Path(artifacts.removeprefix("file://"))
            for training_job in completed
            if (artifacts := training_job["ModelArtifacts"]["S3ModelArtifacts"])
        }
        return [name for name, path in models.items() if path.is_dir() and not any(path.iterdir())]

    def run_facts(self, name: str) -> RunFacts:
        """What an output must say about a tuning job."""
        return RunFacts(
            folder=str(self.path_of(name)),
            is_dry=self.is_dry(name),
            is_running=self.is_running(name),
            stand_ins=self.stand_ins(name),
        )

    def launches(self, name: str) -> tuple[Launch, ...]:
        """How the training jobs of a tuning job start; empty for a dry run."""
        return tuple(map(read_launch, self._existing(name).tuning_job().get("Launches", ())))

    def channel_variables(self, name: str) -> list[str]:
        """The variables of input channels that the scripts of a tuning job name."""
        folder = self._existing(name)
        variables: list[str] = []
        for launch in self.launches(name):
            path = code_folder(folder.code, launch) / launch.entry_point
            if launch.entry_point and path.is_file():
                variables += channel_variables(path.read_text(encoding="utf-8", errors="replace"))
        return variables

    def missing_packages(self, name: str) -> Iterator[str]:
        """What the Pythons of scripts lack of their requirements.txt, as sentences."""
        folder = self._existing(name)
        for launch in self.launches(name):
            if launch.environment is None and launch.python and launch.entry_point.endswith(".py"):
                missing = missing_packages(code_folder(folder.code, launch), launch.python)
                if missing is not None:
                    yield f"{launch.python} lacks packages of {REQUIREMENTS}: {missing}"

    def is_running(self, name: str) -> bool:
        """Whether a process runs a tuning job."""
        return JobFolder(self._root, name).is_running()

    def is_dry(self, name: str) -> bool:
        """Whether the values of a tuning job are made up."""
        folder = JobFolder(self._root, name)
        return folder.exists() and bool(folder.tuning_job()["IsDry"])

    def stand_ins(self, name: str) -> tuple[str, ...]:
        """The built-in algorithms that a stand-in replaces in a tuning job."""
        folder = JobFolder(self._root, name)
        return tuple(sorted(set(_stand_ins(folder).values()))) if folder.exists() else ()

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


@frozen
class _LocalTrainingJob:
    """A training job on this machine: the folder of its tuning job, and its record."""

    folder: JobFolder
    record: Mapping[str, Any]


def _stand_ins(folder: JobFolder) -> dict[str, str]:
    """The built-in algorithms that stand-ins replace, by the name of the definition."""
    launches = map(read_launch, folder.tuning_job().get("Launches", ()))  # a placeholder has none
    return {launch.definition: launch.stand_in for launch in launches if launch.stand_in}


def _parents_of(request: Request) -> Iterator[str]:
    for parent in (request.get("WarmStartConfig") or {}).get("ParentHyperParameterTuningJobs", ()):
        yield parent["HyperParameterTuningJobName"]


def _lines(path: Path, tail: int | None) -> Iterator[tuple[int, str]]:
    """The lines of a log with their numbers, or the last ones."""
    with path.open("rb") as stream:
        lines = enumerate(stream)
        for number, line in lines if tail is None else deque(lines, maxlen=tail):
            yield number, line.rstrip(b"\r\n").decode(errors="replace")
