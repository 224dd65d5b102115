"""A compiled job to AWS: sent once, however often it is asked for.

A `Compiled` and the client interface in, what became of it out. AWS is the only state. Nothing is
ever stopped or deleted here but the one job that `stop` is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import AwsError, OperationError, UsageError
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.infrastructure.stack_outputs import Output, locate
from hptc.jobs.provenance import Provenance, add_tags, provenance_tags
from hptc.project.references import names_in, reference, substitute
from hptc.request import identity
from hptc.request.emission import Request
from hptc.service.interface import Progress, Stacks, Tuning, silent
from hptc.service.responses import OVER, describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A new job: AWS has it now."""

    name: str
    arn: str
    region: str
    request: Request  # exactly what was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """AWS had this job already; nothing was sent."""

    name: str
    arn: str
    region: str
    status: str
    can_rerun: bool = True  # its name is made from its content, so another run can be numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What would be sent. `unresolved` are the references whose stacks are not deployed yet."""

    name: str
    request: Request
    unresolved: tuple[str, ...]


Submission = Submitted | Unchanged | DryRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """AWS was asked to stop the job; its training jobs end within minutes."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyOver:
    """There was nothing to stop: the job's status is final, or it is stopping."""

    name: str
    status: str


Stop = StopRequested | AlreadyOver


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A job that is to be in AWS, ready to send."""

    request: Request
    digest: str
    has_references: bool
    is_name_chosen: bool  # by the user, rather than made from the content

    @property
    def name(self) -> str:
        return str(self.request["HyperParameterTuningJobName"])

    @property
    def tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.request["Tags"]}


def submit(
    compiled: Compiled,
    tuning: Tuning,
    stacks: Stacks,
    *,
    provenance: Provenance,
    rerun: int | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Submission:
    """Bring a job to AWS, unless AWS has it.

    The name is described first, and a job with the same digest is left as it is; so a submission
    that was interrupted can be repeated. `rerun` numbers a wanted repeat. `dry_run` calls nothing
    but the stacks that the request refers to.

    Raises OperationError when a stack is missing or the name belongs to another job, AwsError when
    AWS refuses, and UsageError for what can't be submitted at all.
    """
    request = deepcopy(compiled.request)
    if rerun is not None:
        request["HyperParameterTuningJobName"] = _rerun_name(compiled, rerun)
    places = _places(compiled, stacks)
    if not dry_run:
        _require(places, compiled)
    request = _filled(request, places)
    add_tags(request, provenance_tags(compiled, provenance))
    wanted = _Wanted(
        request=request,
        digest=compiled.digest,
        has_references=bool(places),
        is_name_chosen=compiled.pinned_name is not None,
    )
    if dry_run:
        missing = tuple(name for name, place in places.items() if not place.value)
        return DryRun(name=wanted.name, request=request, unresolved=missing)
    return _create(wanted, tuning, progress)


def resolve_references(compiled: Compiled, stacks: Stacks) -> Request:
    """A compiled request with what its environment's stacks provide.

    Raises OperationError for what is not deployed.
    """
    places = _places(compiled, stacks)
    _require(places, compiled)
    return _filled(compiled.request, places)


def stop(tuning: Tuning, name: str) -> Stop:
    """Stop one tuning job, and no other.

    Raises OperationError when there is no such job.
    """
    status = _status_to_stop(tuning, name)
    if status in OVER or status == "Stopping":
        return AlreadyOver(name=name, status=status)
    try:
        tuning.stop(name)
    except AwsError as error:
        if error.code != "ValidationException":
            raise
        # It may have ended in between; AWS refuses to stop what is over.
        status = _status_to_stop(tuning, name)
        if status not in OVER:
            raise
        return AlreadyOver(name=name, status=status)
    return StopRequested(name=name)


def _status_to_stop(tuning: Tuning, name: str) -> str:
    return str(describe(tuning, name)["HyperParameterTuningJobStatus"])


def _rerun_name(compiled: Compiled, rerun: int) -> str:
    if rerun < 1:
        raise UsageError("reruns are numbered from 1")
    if compiled.pinned_name is not None:
        raise UsageError(
            f"{compiled.file} says its job's exact name, so it can't be run again under another",
            help="change the name in the file, or drop `job_name` to have names made from content",
        )
    return identity.job_name(compiled.name, compiled.digest, rerun=rerun)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a reference's value comes from; no value, and it is not deployed."""

    output: Output
    value: str | None
    is_stack_there: bool


def _places(compiled: Compiled, stacks: Stacks) -> dict[str, _Place]:
    """Every reference of a request, by name."""
    references = sorted(names_in(compiled.request))
    if not references:
        return {}
    if compiled.environment is None or not isinstance(compiled, CompiledSpec):
        why = "belongs to no environment" if compiled.environment is None else "is no spec"
        raise UsageError(
            f"{compiled.file} refers to what a deployment provides, but {why}",
            help="only a spec below an hptc.yaml with environments can use ${hptc:…}; "
            "`hptc compile --resolve` writes a request with what is deployed",
        )
    outputs: dict[str, dict[str, str] | None] = {}
    places = {}
    for name in references:
        output = locate(compiled.environment, name, compiled.spec.name)
        if output is None:
            raise UsageError(
                f"no stack of the environment `{compiled.environment.name}` provides "
                f"`${{hptc:{name}}}`",
                help="see its `infrastructure` in hptc.yaml",
            )
        if output.stack not in outputs:
            outputs[output.stack] = stacks.outputs(output.stack)
        found = outputs[output.stack]
        places[name] = _Place(
            output=output,
            value=(found or {}).get(output.key),
            is_stack_there=found is not None,
        )
    return places


def _filled(request: Request, places: Mapping[str, _Place]) -> Request:
    """A request with the values that there are."""
    filled: Request = substitute(request, lambda name: places[name].value or reference(name))
    return filled


def _require(places: Mapping[str, _Place], compiled: Compiled) -> None:
    for place in places.values():
        if place.value:
            continue
        environment = compiled.environment
        where = f" in {environment.region}" if environment else ""
        what = (
            f"the stack `{place.output.stack}`{where} has no output `{place.output.key}`"
            if place.is_stack_there
            else f"the stack `{place.output.stack}` is not deployed{where}"
        )
        env = f" --env {environment.name}" if environment else ""
        raise OperationError(what, help=f"`hptc deploy{env}` first")


def _create(wanted: _Wanted, tuning: Tuning, progress: Progress) -> Submission:
    existing = tuning.describe(wanted.name)
    if existing is not None:
        return _same(wanted, existing, tuning)
    progress(f"submitting {wanted.name} to {tuning.region}")
    try:
        arn = tuning.create(wanted.request)
    except AwsError as error:
        if error.code != "ResourceInUse":
            raise
        # Someone was faster, an answer got lost, or the name differs in its case only.
        existing = tuning.describe(wanted.name)
        if existing is None:
            raise AwsError(
                error.message,
                code=error.code,
                help="a job has this name in other capitals, or is being deleted: "
                "give the spec another name",
            ) from error
        return _same(wanted, existing, tuning)
    return Submitted(name=wanted.name, arn=arn, region=tuning.region, request=wanted.request)


def _same(wanted: _Wanted, existing: Mapping[str, Any], tuning: Tuning) -> Unchanged:
    """The job that AWS has under the wanted name. Raises OperationError when it is another."""
    arn = existing["HyperParameterTuningJobArn"]
    name = existing["HyperParameterTuningJobName"]
    tags = tuning.list_tags(arn)
    tagged = tags.get(f"{TAG_PREFIX}digest")
    is_same = (
        tagged == wanted.digest if tagged is not None else is_described_by(wanted.request, existing)
    )
    if not is_same:
        raise _taken(wanted, name)
    if wanted.has_references and tagged is not None:
        _check_place(wanted, name, tags)
    return Unchanged(
        name=name,
        arn=arn,
        region=tuning.region,
        status=existing["HyperParameterTuningJobStatus"],
        can_rerun=not wanted.is_name_chosen,
    )


def _taken(wanted: _Wanted, name: str) -> OperationError:
    if wanted.is_name_chosen:
        return OperationError(
            f"AWS has a job named `{name}` already, with other content",
            help="jobs can't be changed: pick another name, or drop `job_name` to have a name "
            "made from the content",
        )
    return OperationError(
        f"AWS has a job named `{name}` already, with other content",
        help="use --rerun to number this one, or give the spec another name",
    )


def _check_place(wanted: _Wanted, name: str, tags: Mapping[str, str]) -> None:
    """Refuse to take one environment's job for that of another in the same account.

    The digest covers references, not their values: two environments of one account have the same
    digest for a search with different roles and buckets.
    """
    for key in (f"{TAG_PREFIX}project", f"{TAG_PREFIX}environment"):
        ours, theirs = wanted.tags.get(key), tags.get(key)
        if ours != theirs:
            kind = key.removeprefix(TAG_PREFIX)
            raise OperationError(
                f"the job `{name}` belongs to the {kind} `{theirs or '(none)'}`, "
                f"not to `{ours or '(none)'}`",
                help="put `{{ env }}` in a tag of the spec, and each environment's job has a name "
                "of its own; or use --rerun to number this one",
            )


_DESCRIBED = (
    *("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions"),
    *("WarmStartConfig", "Autotune"),
)


def is_described_by(request: Request, description: Mapping[str, Any]) -> bool:
    """Whether a description is that of a request, tags aside."""
    ours = {member: deepcopy(request.get(member)) for member in _DESCRIBED}
    theirs = {member: deepcopy(description.get(member)) for member in _DESCRIBED}
    mine, yours = _definitions(ours), _definitions(theirs)
    if len(mine) == len(yours):
        for sent, described in zip(mine, yours, strict=True):
            _forget_what_aws_adds(sent, described)
    return identity.canonical(ours) == identity.canonical(theirs)


def _definitions(members: Mapping[str, Any]) -> list[dict[str, Any]]:
    several = members["TrainingJobDefinitions"] or []
    one = members["TrainingJobDefinition"]
    return [*([one] if one else []), *sorted(several, key=lambda d: d.get("DefinitionName", ""))]


def _forget_what_aws_adds(sent: dict[str, Any], described: dict[str, Any]) -> None:
    """Level out what the service writes into a definition by itself.

    For built-in algorithms it adds their metric definitions and static hyperparameters of its own,
    whose names begin with `_`; and it describes one instance type as a ResourceConfig.
    """
    if "MetricDefinitions" not in sent.get("AlgorithmSpecification", {}):
        described.get("AlgorithmSpecification", {}).pop("MetricDefinitions", None)
    static = described.get("StaticHyperParameters") or {}
    for name in [name for name in static if name.startswith("_")]:
        if name not in sent.get("StaticHyperParameters", {}):
            del static[name]
    for definition in (sent, described):
        flexible = definition.get("HyperParameterTuningResourceConfig") or {}
        configs = flexible.get("InstanceConfigs") or []
        if flexible and len(configs) <= 1:
            del definition["HyperParameterTuningResourceConfig"]
            definition["ResourceConfig"] = {
                **{k: v for k, v in flexible.items() if k in _RESOURCES},
                **(configs[0] if configs else {}),
            }


_RESOURCES = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
