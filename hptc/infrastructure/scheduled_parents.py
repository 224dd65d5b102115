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
    starts = [f"ListRuns{suffix}" for suffix in suffixes]
    states: States = {}
    for search, suffix, found in zip(searches, suffixes, [*starts[1:], create], strict=True):
        none = create_first if search.spec == spec.name else f"NoRun{suffix}"
        states |= _search_states(search, suffix, environment, retry, found=found, none=none)
    paths = {
        reference(latest(search.spec)): f"$.run{suffix}.name"
        for search, suffix in zip(searches, suffixes, strict=True)
    }
    own = reference(latest(spec.name))
    return ParentStates(
        start=starts[0],
        states=states,
        request=_with_parents(request, paths),
        first_request=_with_parents(request, paths, without=own) if own in paths else None,
    )


def _searches(environment: Environment, spec: DeployableSpec) -> list[RunSearch]:
    """The search for each parent; that for the spec itself is the last, because it may fail."""
    parents = sorted(spec.latest.values(), key=lambda parent: parent.name == spec.name)
    return [run_search(environment, parent) for parent in parents]


def _search_states(
    search: RunSearch,
    suffix: str,
    environment: Environment,
    retry: dict[str, Any],
    *,
    found: str,
    none: str,
) -> States:
    runs, run, tags, origin = "$.runs", f"$.run{suffix}", "$.tags", "$.origin"
    summaries = "$.HyperParameterTuningJobSummaries"
    calls = f"arn:{partition(environment.region)}:states:::aws-sdk:sagemaker"
    jobs = arn(environment, "sagemaker", "hyper-parameter-tuning-job/")
    narrowed = {"NameContains": search.name_contains} if search.name_contains else {}
    return {
        f"ListRuns{suffix}": {
            "Type": "Task",
            "Resource": f"{calls}:listHyperParameterTuningJobs",
            "Parameters": {
                **narrowed,
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
            "ResultPath": runs,
            "Retry": [retry],
            "Next": f"IsAnyLeft{suffix}",
        },
        f"IsAnyLeft{suffix}": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"{runs}.index",
                    "NumericLessThanPath": f"{runs}.count",
                    "Next": f"TakeNext{suffix}",
                },
                {
                    "Variable": f"{runs}.count",
                    "NumericEquals": MAX_CANDIDATES,
                    "Next": f"NoRun{suffix}",
                },
            ],
            "Default": none,
        },
        f"TakeNext{suffix}": {
            "Type": "Pass",
            "Parameters": {
                "name.$": f"States.ArrayGetItem({runs}.names, {runs}.index)",
                "next.$": f"States.MathAdd({runs}.index, 1)",
            },
            "ResultPath": run,
            "Next": f"CountOn{suffix}",
        },
        f"CountOn{suffix}": {
            "Type": "Pass",
            "InputPath": f"{run}.next",
            "ResultPath": f"{runs}.index",
            "Next": f"IsNamedLikeRun{suffix}",
        },
        f"IsNamedLikeRun{suffix}": {
            "Type": "Choice",
            "Choices": [
                {
                    "Or": [
                        {"Variable": f"{run}.name", "StringMatches": f"{stem}*"}
                        for stem in (search.stem, search.scheduled_stem)
                    ],
                    "Next": f"ReadTags{suffix}",
                }
            ],
            "Default": f"IsAnyLeft{suffix}",
        },
        f"ReadTags{suffix}": {
            "Type": "Task",
            "Resource": f"{calls}:listTags",
            # List writes ARNs in lower case, and ListTags only accepts the actual one:
            # https://github.com/boto/boto3/issues/4606
            "Parameters": {"ResourceArn.$": f"States.Format('{jobs}{{}}', {run}.name)"},
            "ResultSelector": {
                "all.$": "$.Tags",
                **{
                    f"has_{tag}.$": f"States.ArrayContains($.Tags[*].Key, '{TAG_PREFIX}{tag}')"
                    for tag in _TAGS
                },
            },
            "ResultPath": tags,
            "Retry": [retry],
            "Next": f"HasOrigin{suffix}",
        },
        f"HasOrigin{suffix}": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": f"{tags}.has_{tag}", "BooleanEquals": True} for tag in _TAGS
                    ],
                    "Next": f"ReadOrigin{suffix}",
                }
            ],
            "Default": f"IsAnyLeft{suffix}",
        },
        f"ReadOrigin{suffix}": {
            "Type": "Pass",
            "Parameters": {
                f"{tag}.$": f"{tags}.all[?(@.Key=='{TAG_PREFIX}{tag}')].Value" for tag in _TAGS
            },
            "ResultPath": origin,
            "Next": f"IsRun{suffix}",
        },
        f"IsRun{suffix}": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": f"{origin}.project[0]", "StringEquals": search.project},
                        {
                            "Variable": f"{origin}.environment[0]",
                            "StringEquals": search.environment,
                        },
                        {"Or": _is_of_spec(search, run, origin)},
                    ],
                    "Next": found,
                }
            ],
            "Default": f"IsAnyLeft{suffix}",
        },
        f"NoRun{suffix}": {
            "Type": "Fail",
            "Error": "NoWarmStartParent",
            "Cause": f"No completed tuning job of the spec {search.spec} was found among the "
            f"newest {MAX_CANDIDATES} with such a name.",
        },
    }


def _is_of_spec(search: RunSearch, run: str, origin: str) -> list[dict[str, str]]:
    """RunSearch.includes as conditions. Neither stems nor the values of tags contain `*`."""
    path = f"{origin}.spec[0]"
    return [
        {"Variable": f"{run}.name", "StringMatches": f"{search.scheduled_stem}*"},
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
    stems = [each for search in searches for stem in search.stems for each in (stem, stem.lower())]
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
