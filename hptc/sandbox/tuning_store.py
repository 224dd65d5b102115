"""The tuning jobs of one account and Region in the sandbox, with the engine of `hptc local`.

What a tuning job does depends on the account's TuningMode. All of them have the same records.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from hptc.errors import AwsError, HptcError
from hptc.frozen import frozen
from hptc.local.dry_values import STATED
from hptc.local.job_folder import JobFolder, now
from hptc.local.launching import NotRunnableError
from hptc.local.run_events import Ended, Event
from hptc.local.run_options import RunOptions
from hptc.local.search.observation import Proposal
from hptc.local.service import LocalTuning
from hptc.local.training_records import (
    Progress,
    ended_record,
    new_record,
    training_job_name,
    tuning_job_name,
)
from hptc.request.emission import Request
from hptc.request.job_facts import OBJECTIVE_METRIC
from hptc.sandbox import s3_copies
from hptc.sandbox.gateway import moto_lock
from hptc.sandbox.refusals import refusal
from hptc.service.tuning_jobs import FINAL_STATUSES

TuningMode = Literal["placeholder", "held", "dry", "train"]
"""What a tuning job of the sandbox does: it is Completed immediately, with one placeholder training
job; it stays InProgress until it is stopped; the engine runs with made-up values, or with code."""

PLACEHOLDER = "placeholder: nothing was trained, the value is always 0"
_FILE = "file://"


@frozen
class TuningSettings:
    """How the tuning jobs of an account run. `accepts_all` is for recording programs."""

    mode: TuningMode = "placeholder"
    accepts_all: bool = False
    options: RunOptions = RunOptions()


class TuningStore:
    """The tuning jobs of one account and Region. `folder` is for their records and files."""

    def __init__(self, folder: Path, account: str, region: str, partition: str) -> None:
        self._folder = folder
        self.account, self._region, self._partition = account, region, partition
        self._lock = Lock()
        self._jobs = folder / "jobs"
        self._runs: dict[str, LocalTuning] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._training_job_tags: dict[str, dict[str, str]] = {}
        self.reader = self._tuning(RunOptions())

    def _tuning(self, options: RunOptions) -> LocalTuning:
        return LocalTuning(
            self._jobs,
            options,
            region=self._region,
            account=self.account,
            partition=self._partition,
        )

    def create(self, request: Request, settings: TuningSettings) -> str:
        """Create a tuning job and return its ARN. Raises AwsError as the service does."""
        with self._lock:  # two requests with the same name must not both find that it is free
            return self._create(request, settings)

    def _create(self, request: Request, settings: TuningSettings) -> str:
        name = str(request.get("HyperParameterTuningJobName"))
        self.reader.require_new(name)
        if not settings.accepts_all:
            self._require_valid(request, runs=settings.mode in ("dry", "train"))
        options = replace(settings.options, region=self._region)
        match settings.mode:
            case "dry":
                self._start(request, replace(options, is_dry=True))
            case "train":
                self._start(request, self._with_data(request, options))
            case mode:
                self._create_placeholder(request, is_held=mode == "held")
        self._tags[name] = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or ()}
        return f"{self._arn_prefix}:hyper-parameter-tuning-job/{name}"

    @property
    def _arn_prefix(self) -> str:
        return f"arn:{self._partition}:sagemaker:{self._region}:{self.account}"

    def _require_valid(self, request: Request, *, runs: bool) -> None:
        """Raise AwsError for what AWS refuses. Only tuning jobs that run need their parents."""
        warm_start = request.get("WarmStartConfig") or {}
        parents: dict[str, Request] = {}
        statuses: dict[str, str] = {}
        missing: list[str] = []
        for member in warm_start.get("ParentHyperParameterTuningJobs") or ():
            parent = member.get("HyperParameterTuningJobName") or ""
            folder = JobFolder(self._jobs, parent)
            if folder.exists():
                parents[parent] = folder.tuning_job()["Request"]
                statuses[parent] = folder.tuning_job()["Status"]
            elif parent:
                missing.append(parent)
        reason = refusal(request, parents)
        if runs and not reason:
            reason = _unfit_parent(missing, statuses)
        if reason:
            raise AwsError(reason, code="ValidationException")

    def _start(self, request: Request, options: RunOptions) -> None:
        """Run a tuning job with the engine."""
        name = request["HyperParameterTuningJobName"]
        tuning = self._tuning(options)

        def listen(event: Event) -> None:
            if isinstance(event, Ended) and not options.is_dry:
                self._store_model(event.name)

        try:
            tuning.create(request, listen)
        except NotRunnableError as error:
            reasons = "; ".join(error.reasons)
            raise AwsError(
                f"The sandbox can't train {name}: {reasons}.", code="ValidationException"
            ) from None
        except HptcError as error:
            text = f"{error}. {error.help or ''}".strip()
            raise AwsError(f"The sandbox: {text}", code="ValidationException") from None
        self._runs[name] = tuning

    def _with_data(self, request: Request, options: RunOptions) -> RunOptions:
        """The options with a folder that has the objects in S3 that the training jobs read."""
        root = self._folder / "s3" / request["HyperParameterTuningJobName"]
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        try:
            with moto_lock:
                s3_copies.copy_inputs(request, root, self.account, self._partition)
        except s3_copies.MissingObjectsError as error:
            raise AwsError(str(error), code="ValidationException") from None
        except OSError as error:
            raise AwsError(
                f"The sandbox can't copy the data of input channels: {error}",
                code="ValidationException",
            ) from None
        return replace(options, s3_root=root)

    def _store_model(self, training_job: str) -> None:
        """Put the model of a training job into the sandbox's S3."""
        description = self.reader.describe_training_job(training_job) or {}
        model = description.get("ModelArtifacts", {}).get("S3ModelArtifacts", "")
        content = s3_copies.pack_model(Path(model.removeprefix(_FILE))) if model else None
        if content is not None:
            uri = s3_copies.model_uri(description["OutputDataConfig"]["S3OutputPath"], training_job)
            with moto_lock:
                s3_copies.store(uri, content, self.account, self._partition)

    def _create_placeholder(self, request: Request, *, is_held: bool) -> None:
        """Write the records of a tuning job for which nothing runs, with one training job."""
        name, created = request["HyperParameterTuningJobName"], now()
        folder = JobFolder(self._jobs, name)
        folder.prepare()
        folder.new_code.mkdir(parents=True)
        record = {
            "Request": request,
            "Limits": request["HyperParameterTuningJobConfig"].get("ResourceLimits") or {},
            "Status": "InProgress",
            "CreationTime": created,
            "Since": created,
            "ActiveSeconds": 0.0,
            "IsDry": True,
        }
        folder.create(record)
        single = request.get("TrainingJobDefinition")
        for definition in [single] if single else (request.get("TrainingJobDefinitions") or ())[:1]:
            training_job = self._placeholder_training_job(request, definition)
            if not is_held:
                metric = training_job["HyperParameters"][OBJECTIVE_METRIC]
                training_job = ended_record(
                    training_job, Progress(reports=(0.0,), last={metric: (0.0, created)}),
                    status="Completed", secondary="Completed", reason="", ended=created, model="",
                )  # fmt: skip
            folder.write_training_job(training_job)
        if not is_held:
            folder.write_tuning_job({**record, "Status": "Completed", "EndTime": created})

    def _placeholder_training_job(
        self, request: Request, definition: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A training job whose hyperparameters have the first values of their ranges."""
        name, created = request["HyperParameterTuningJobName"], now()
        config = request["HyperParameterTuningJobConfig"]
        ranges = definition.get("HyperParameterRanges") or config.get("ParameterRanges") or {}
        objective = definition.get("TuningObjective") or config.get(
            "HyperParameterTuningJobObjective"
        )
        return new_record(
            training_job_name(name, 1, created),
            1,
            Proposal(
                definition=definition.get("DefinitionName", ""),
                values={
                    range_["Name"]: str(range_.get("MinValue", (range_.get("Values") or [""])[0]))
                    for kind in ("Integer", "Continuous", "Categorical")
                    for range_ in ranges.get(f"{kind}ParameterRanges") or ()
                },
            ),
            definition,
            objective=(objective or {}).get("MetricName", ""),
            arn_prefix=self._arn_prefix,
            tuning_job=name,
            created=created,
        )

    def describe(self, name: str) -> dict[str, Any] | None:
        """The description of a tuning job; None if it does not exist."""
        description = self.reader.describe(name)
        if description is None:
            return None
        status = self._status(name, description["HyperParameterTuningJobStatus"])
        return {**description, "HyperParameterTuningJobStatus": status}

    def summaries(self) -> list[dict[str, Any]]:
        """All tuning jobs, as ListHyperParameterTuningJobs has them."""
        key = "HyperParameterTuningJobStatus"
        return [
            {**summary, key: self._status(summary["HyperParameterTuningJobName"], summary[key])}
            for summary in self.reader.summaries()
        ]

    def _status(self, name: str, status: str) -> str:
        """A tuning job is Stopping as soon as a stop is requested, not once the run notices."""
        is_stopping = status == "InProgress" and JobFolder(self._jobs, name).is_stop_requested()
        return "Stopping" if is_stopping else status

    def describe_training_job(self, name: str) -> dict[str, Any] | None:
        """The description of a training job of a tuning job; None if it does not exist."""
        recorded = self.reader.describe_training_job(name)
        if recorded is None:
            return None
        description = dict(recorded)
        artifacts = description.get("ModelArtifacts", {}).get("S3ModelArtifacts", "")
        if artifacts.startswith(_FILE):
            uri = s3_copies.model_uri(description["OutputDataConfig"]["S3OutputPath"], name)
            description["ModelArtifacts"] = {"S3ModelArtifacts": uri}
        statement = self.statement(name)
        if statement:
            first, *others = description["SecondaryStatusTransitions"]
            stated = {**first, "StatusMessage": statement}
            description["SecondaryStatusTransitions"] = [stated, *others]
        return description

    def statement(self, training_job: str) -> str:
        """What the values of a training job are; empty if they are results."""
        tuning_job = tuning_job_name(training_job)
        if not self.reader.is_dry(tuning_job):
            return ""
        return STATED if tuning_job in self._runs else PLACEHOLDER

    def log_lines(self, training_job: str) -> list[str]:
        """What a training job has logged; a placeholder logs nothing."""
        match self.statement(training_job):
            case "":
                return [event.message for event in self.reader.log_events(training_job)]
            case text:
                return [text] if text == STATED else []

    def tags(self, name: str) -> dict[str, str] | None:
        """The tags of a tuning job, which the caller may change; None if it does not exist."""
        return self._tags.get(name)

    def training_job_tags(self, name: str) -> dict[str, str] | None:
        """The tags of a training job, which are copies of its tuning job's when it is created.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html#sagemaker-CreateHyperParameterTuningJob-request-Tags
        """
        if self.reader.describe_training_job(name) is None:
            return None
        copied = self._tags.get(tuning_job_name(name), {})
        return self._training_job_tags.setdefault(name, dict(copied))

    def stop(self, name: str) -> None:
        """Request the stop of a tuning job. Raises AwsError if it has ended."""
        self.reader.stop(name)

    def delete(self, name: str) -> None:
        """Delete a tuning job that is not running."""
        self.reader.remove(name)
        del self._tags[name]

    def close(self) -> None:
        """Kill all training jobs, and wait for the ends of their tuning jobs."""
        for tuning in self._runs.values():
            tuning.close()


def _unfit_parent(missing: Sequence[str], statuses: Mapping[str, str]) -> str:
    """Why a warm start from these parents is refused; AWS's own text is not known.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
    """
    if missing:
        return f"Amazon SageMaker can't find a tuning job called {missing[0]}."
    running = [f"{name} is {status}" for name, status in statuses.items()
               if status not in FINAL_STATUSES]  # fmt: skip
    if running:
        return f"Parent tuning jobs must be Completed, Stopped or Failed, but {running[0]}."
    return ""
