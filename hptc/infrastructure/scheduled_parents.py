"""The states that find the newest completed tuning job of a spec, before a schedule creates a job.

`latest(SPEC)` is resolved at each start, as `hptc submit` resolves it: List returns the newest
candidates, and the tags of each are read until one is a run of the spec. A spec that is its own
parent starts without that parent until it has a run. For any other spec without a run, the start
fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hptc.catalog.images import partition
from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.arns import arn
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.infrastructure.run_search import MAX_CANDIDATES, RunSearch, run_search
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment
from hptc.project.references import latest, reference
from hptc.request.emission import Request

States = dict[str, dict[str, Any]]
_PARENT = "HyperParameterTuningJobName"
_TAGS = ("project", "environment", "spec")


@frozen
class ParentStates:
    """The states before the job is created, and the requests to create it.

    `first_request` is that of a spec which is its own parent and has no run yet.
    """

    start: str
    states: States
    request: Request
    first_request: Request | None


def parent_states(
    environment: Environment,
    spec: DeployableSpec,
    request: Request,
    retry: dict[str, Any],
    *,
    create: str,
    create_first: str,
) -> ParentStates:
    """The states for the parents `latest(SPEC)`. `create` and `create_first` are what follows.

    https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
    """
    searches = _searches(environment, spec)
    if not searches:
        return ParentStates(start=create, states={}, request=request, first_request=None)
    suffixes = ["", *map(str, range(2, len(searches) + 1))]
    loops = [
        _SearchLoop(
            search=search,
            suffix=suffix,
            if_found=f"ListRuns{following}" if following else create,
            if_none=create_first if search.spec == spec.name else f"NoRun{suffix}",
        )
        for search, suffix, following in zip(searches, suffixes, [*suffixes[1:], ""], strict=True)
    ]
    states: States = {}
    for loop in loops:
        states |= _search_states(loop, environment, retry)
    paths = {reference(latest(loop.search.spec)): f"{loop.run}.name" for loop in loops}
    own = reference(latest(spec.name))
    return ParentStates(
        start=loops[0].state("ListRuns"),
        states=states,
        request=_with_parents(request, paths),
        first_request=_with_parents(request, paths, without=own) if own in paths else None,
    )


def _searches(environment: Environment, spec: DeployableSpec) -> list[RunSearch]:
    """The search for each parent; that for the spec itself is the last, because it may fail."""
    parents = sorted(spec.latest.values(), key=lambda parent: parent.name == spec.name)
    return [run_search(environment, parent) for parent in parents]


@frozen
class _SearchLoop:
    """The states that look for the newest run of one parent, and what follows them."""

    search: RunSearch
    suffix: str  # of the names of its states
    if_found: str
    if_none: str

    def state(self, name: str) -> str:
        """The name of one of its states."""
        return f"{name}{self.suffix}"

    @property
    def run(self) -> str:
        """The place of the current candidate in the state machine's data."""
        return f"$.run{self.suffix}"


_RUNS, _READ_TAGS, _ORIGIN = "$.runs", "$.tags", "$.origin"
"""The places of the candidates, and of the tags of one, in the state machine's data. Loops share
them."""


def _search_states(loop: _SearchLoop, environment: Environment, retry: dict[str, Any]) -> States:
    calls = f"arn:{partition(environment.region)}:states:::aws-sdk:sagemaker"
    return {
        loop.state("ListRuns"): _list_runs(loop, calls, retry),
        **_next_candidate(loop),
        loop.state("IsNamedLikeRun"): {
            "Type": "Choice",
            "Choices": [
                {
                    "Or": [
                        {"Variable": f"{loop.run}.name", "StringMatches": f"{stem}*"}
                        for stem in (loop.search.stem, loop.search.scheduled_stem)
                    ],
                    "Next": loop.state("ReadTags"),
                }
            ],
            "Default": loop.state("IsAnyLeft"),
        },
        loop.state("ReadTags"): _read_tags(loop, environment, calls, retry),
        **_identify(loop),
        loop.state("NoRun"): {
            "Type": "Fail",
            "Error": "NoWarmStartParent",
            "Cause": f"No completed tuning job of the spec {loop.search.spec} was found among the "
            f"newest {MAX_CANDIDATES} with such a name.",
        },
    }


def _list_runs(loop: _SearchLoop, calls: str, retry: dict[str, Any]) -> dict[str, Any]:
    summaries = "$.HyperParameterTuningJobSummaries"
    contained = loop.search.name_contains
    return {
        "Type": "Task",
        "Resource": f"{calls}:listHyperParameterTuningJobs",
        "Parameters": {
            **({"NameContains": contained} if contained else {}),
            "StatusEquals": "Completed",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": MAX_CANDIDATES,
        },
        "ResultSelector": {
            "names.$": f"{summaries}[*].HyperParameterTuningJobName",
            "count.$": f"States.ArrayLength({summaries})",
            "index": 0,
        },
        "ResultPath": _RUNS,
        "Retry": [retry],
        "Next": loop.state("IsAnyLeft"),
    }


def _next_candidate(loop: _SearchLoop) -> States:
    """Take the next candidate, or end the loop if there is none."""
    return {
        loop.state("IsAnyLeft"): {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"{_RUNS}.index",
                    "NumericLessThanPath": f"{_RUNS}.count",
                    "Next": loop.state("TakeNext"),
                },
                {
                    "Variable": f"{_RUNS}.count",
                    "NumericEquals": MAX_CANDIDATES,
                    "Next": loop.state("NoRun"),
                },
            ],
            "Default": loop.if_none,
        },
        loop.state("TakeNext"): {
            "Type": "Pass",
            "Parameters": {
                "name.$": f"States.ArrayGetItem({_RUNS}.names, {_RUNS}.index)",
                "next.$": f"States.MathAdd({_RUNS}.index, 1)",
            },
            "ResultPath": loop.run,
            "Next": loop.state("CountOn"),
        },
        loop.state("CountOn"): {
            "Type": "Pass",
            "InputPath": f"{loop.run}.next",
            "ResultPath": f"{_RUNS}.index",
            "Next": loop.state("IsNamedLikeRun"),
        },
    }


def _read_tags(
    loop: _SearchLoop, environment: Environment, calls: str, retry: dict[str, Any]
) -> dict[str, Any]:
    jobs = arn(environment, "sagemaker", "hyper-parameter-tuning-job/")
    return {
        "Type": "Task",
        "Resource": f"{calls}:listTags",
        # List writes ARNs in lower case, and ListTags only accepts the actual one:
        # https://github.com/boto/boto3/issues/4606
        "Parameters": {"ResourceArn.$": f"States.Format('{jobs}{{}}', {loop.run}.name)"},
        "ResultSelector": {
            "all.$": "$.Tags",
            **{
                f"has_{tag}.$": f"States.ArrayContains($.Tags[*].Key, '{TAG_PREFIX}{tag}')"
                for tag in _TAGS
            },
        },
        "ResultPath": _READ_TAGS,
        "Retry": [retry],
        "Next": loop.state("HasOrigin"),
    }


def _identify(loop: _SearchLoop) -> States:
    """Decide by its tags whether the candidate is a run of the spec."""
    conditions = [
        {"Variable": f"{_ORIGIN}.project[0]", "StringEquals": loop.search.project},
        {"Variable": f"{_ORIGIN}.environment[0]", "StringEquals": loop.search.environment},
        {"Or": _is_of_spec(loop)},
    ]
    return {
        loop.state("HasOrigin"): {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": f"{_READ_TAGS}.has_{tag}", "BooleanEquals": True}
                        for tag in _TAGS
                    ],
                    "Next": loop.state("ReadOrigin"),
                }
            ],
            "Default": loop.state("IsAnyLeft"),
        },
        loop.state("ReadOrigin"): {
            "Type": "Pass",
            "Parameters": {
                f"{tag}.$": f"{_READ_TAGS}.all[?(@.Key=='{TAG_PREFIX}{tag}')].Value"
                for tag in _TAGS
            },
            "ResultPath": _ORIGIN,
            "Next": loop.state("IsRun"),
        },
        loop.state("IsRun"): {
            "Type": "Choice",
            "Choices": [{"And": conditions, "Next": loop.if_found}],
            "Default": loop.state("IsAnyLeft"),
        },
    }


def _is_of_spec(loop: _SearchLoop) -> list[dict[str, str]]:
    """RunSearch.includes as conditions. Neither stems nor the values of tags contain `*`."""
    search, path = loop.search, f"{_ORIGIN}.spec[0]"
    return [
        {"Variable": f"{loop.run}.name", "StringMatches": f"{search.scheduled_stem}*"},
        *({"Variable": path, "StringEquals": known} for known in search.paths),
        {"Variable": path, "StringMatches": f"*/{search.paths[0]}"},
    ]


def _with_parents(
    request: Request, paths: Mapping[str, str], *, without: str = ""
) -> dict[str, Any]:
    """The request with parents from the state machine's data; without parents, no warm start."""
    result = deepcopy(request)
    parents = []
    for parent in result["WarmStartConfig"]["ParentHyperParameterTuningJobs"]:
        if parent[_PARENT] != without:
            path = paths.get(parent[_PARENT])
            parents.append(parent if path is None else {f"{_PARENT}.$": path})
    result["WarmStartConfig"]["ParentHyperParameterTuningJobs"] = parents
    if not parents:
        del result["WarmStartConfig"]
    return result


def parent_permissions(environment: Environment, spec: DeployableSpec) -> tuple[Statement, ...]:
    """The permissions for finding the runs of parents."""
    searches = _searches(environment, spec)
    if not searches:
        return ()
    required_by = (RequestPath(("WarmStartConfig", "ParentHyperParameterTuningJobs")),)
    # SageMaker writes some ARNs in lower case.
    stems = [
        spelling
        for search in searches
        for stem in search.stems
        for spelling in (stem, stem.lower())
    ]
    return (
        Statement(
            sid="ListTuningJobs",
            actions=("sagemaker:ListHyperParameterTuningJobs",),
            resources=("*",),
            reason="finds the newest warm-start parent; AWS has no narrower form, because listing "
            "does not apply to a resource",
            required_by=required_by,
        ),
        Statement(
            sid="IdentifyParents",
            actions=("sagemaker:ListTags",),
            resources=tuple(
                arn(environment, "sagemaker", f"hyper-parameter-tuning-job/{stem}*")
                for stem in dict.fromkeys(stems)
                if not any(stem != other and stem.startswith(other) for other in stems)
            ),
            reason="reads the tags that identify the runs of the specs it warm-starts from; their "
            "names end in a hash of the content or in the scheduled time",
            required_by=required_by,
        ),
    )
