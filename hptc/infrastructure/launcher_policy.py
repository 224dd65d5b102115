"""The launcher policy of an environment, for people who launch tuning jobs.

It allows what `policy` in hptc.yaml allows, with the condition keys of the API:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html

`ForAllValues` matches a request without the key, so each such condition comes with a `Null`
condition, which requires the key: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog.instances import families_with_local_storage
from hptc.infrastructure.arns import arn, bucket_arn, escaped, key_grant, service_host
from hptc.infrastructure.globs import remaining_globs
from hptc.infrastructure.log_permissions import read_logs
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.infrastructure.stack_names import passable_roles
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.kms_keys import allowed_keys
from hptc.project.patterns import pattern
from hptc.project.project_file import Environment
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS

_JOBS = "hyper-parameter-tuning-job/*"
_CREATE = "CreateHyperParameterTuningJob"


def launcher_statements(environment: Environment) -> tuple[Statement, ...]:
    """The statements of the policy for people who launch tuning jobs in an environment."""
    return (
        *_create(environment),
        tag_at_creation(arn(environment, "sagemaker", _JOBS)),
        *_pass_role(environment),
        *_upload_code(environment),
        *_track(environment),
    )


def _create(environment: Environment) -> Iterator[Statement]:
    """One statement; two if volumes require a key, because some instances can't have one.

    No statement if the policy allows no tuning job: no instance type, or not this Region.
    """
    policy = environment.policy
    is_elsewhere = policy.regions is not None and environment.region not in policy.regions
    if is_elsewhere or policy.instance_types == []:
        return
    jobs = (arn(environment, "sagemaker", _JOBS),)
    conditions = (
        *_tags(environment),
        *_isolation(environment),
        *_network(environment),
        *_output_key(environment),
    )
    reason = "creates tuning jobs within the policy of hptc.yaml"
    types = tuple(policy.instance_types or ())
    if not policy.require_kms_keys:
        yield Statement(
            sid="CreateTuningJob",
            actions=(f"sagemaker:{_CREATE}",),
            resources=jobs,
            conditions=(*conditions, *_all_of("InstanceTypes", types, is_pattern=True)),
            reason=reason,
        )
        return
    yield Statement(
        sid="CreateTuningJobWithVolumeKey",
        actions=(f"sagemaker:{_CREATE}",),
        resources=jobs,
        conditions=(
            *conditions,
            *_all_of("InstanceTypes", types, is_pattern=True),
            _key(environment, "sagemaker:VolumeKmsKey"),
        ),
        reason=f"{reason}; volumes have a customer managed key",
    )
    if local := _with_local_storage(types):
        yield Statement(
            sid="CreateTuningJobWithLocalStorage",
            actions=(f"sagemaker:{_CREATE}",),
            resources=jobs,
            conditions=(
                *conditions,
                *_all_of("InstanceTypes", local, is_pattern=True),
                # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
                Condition(operator="Null", key="sagemaker:VolumeKmsKey", values=("true",)),
            ),
            reason=f"{reason}; these instances encrypt their local storage themselves and can't "
            "have a volume key",
        )


def _tags(environment: Environment) -> Iterator[Condition]:
    """The tags that identify the owner of a job, and those that the policy requires."""
    yield from ownership_conditions(environment, "aws:RequestTag")
    for key, regex in (environment.policy.required_tags or {}).items():
        yield Condition(
            operator="StringLike", key=f"aws:RequestTag/{key}", values=tag_values(regex)
        )


def _isolation(environment: Environment) -> Iterator[Condition]:
    policy = environment.policy
    if policy.require_network_isolation:
        yield Condition(operator="Bool", key="sagemaker:NetworkIsolation", values=("true",))
    if policy.require_inter_container_traffic_encryption:
        yield Condition(
            operator="Bool", key="sagemaker:InterContainerTrafficEncryption", values=("true",)
        )
    if policy.max_runtime is not None:
        # A training job without a maximum runtime may run for a day. If the policy allows less, the
        # key must be present, which a numeric condition requires.
        is_day_allowed = policy.max_runtime >= DEFAULT_MAX_RUNTIME_SECONDS
        yield Condition(
            operator="NumericLessThanEquals" + ("IfExists" if is_day_allowed else ""),
            key="sagemaker:MaxRuntimeInSeconds",
            values=(str(policy.max_runtime),),
        )


def _network(environment: Environment) -> Iterator[Condition]:
    """The environment's own subnets and security groups; any if it has none."""
    if environment.policy.require_vpc:
        for key, provided in (
            ("VpcSubnets", "subnet_ids"),
            ("VpcSecurityGroupIds", "security_group_ids"),
        ):
            ids = tuple(environment.variables.get(provided, ()))
            yield from _all_of(key, ids, is_pattern=False, is_required=True)


def _output_key(environment: Environment) -> Iterator[Condition]:
    if environment.policy.require_kms_keys:
        yield _key(environment, "sagemaker:OutputKmsKey")


def _key(environment: Environment, condition_key: str) -> Condition:
    """A condition on a key's ARN."""
    return Condition(operator="ArnLike", key=condition_key, values=allowed_keys(environment))


def _all_of(
    key: str, values: tuple[str, ...], *, is_pattern: bool, is_required: bool = False
) -> Iterator[Condition]:
    """Each value of a condition key is one of these, and there is at least one."""
    if values:
        operator = "ForAllValues:StringLike" if is_pattern else "ForAllValues:StringEquals"
        yield Condition(operator=operator, key=f"sagemaker:{key}", values=values)
    if values or is_required:
        yield Condition(operator="Null", key=f"sagemaker:{key}", values=("false",))


def _with_local_storage(types: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of instance types with local storage that the patterns of a policy allow."""
    patterns: dict[str, None] = {}
    for family in families_with_local_storage():
        sizes = [size for glob in types or ("*",) for size in _sizes(glob, family)]
        patterns |= {f"ml.{family}.{size}": None for size in (["*"] if "*" in sizes else sizes)}
    return tuple(patterns)


def _sizes(glob: str, family: str) -> list[str]:
    """The patterns of a family's sizes that match a glob. No size has a dot."""
    sizes = remaining_globs(glob, f"ml.{family}.")
    return [size for size in sizes if size and "." not in size]


def tag_values(regex: str) -> tuple[str, ...]:
    """A regular expression for a tag's value with IAM's wildcards, which are much simpler.

    What they can't express becomes "any text", so nothing that matches the expression is denied.
    `hptc check` applies the exact expression.
    """
    values = []
    for alternative in regex.split("|"):
        wildcard, rest = "", alternative.removeprefix("^").removesuffix("$")
        while rest:
            match = re.match(r"(\.\*)|(\.\+)|(\.)|\\([^\w\s])|([\w \-:/=@,]+)(?![*+?{])", rest)
            if match is None:
                return ("*",) if pattern(regex).matches("") else ("?*",)
            many, some, single, literal, plain = match.groups()
            if many:
                wildcard += "*"
            elif some:
                wildcard += "?*"
            else:
                wildcard += "?" if single else escaped(literal or plain)
            rest = rest[match.end() :]
        values.append(wildcard)
    return tuple(values)


def ownership_conditions(environment: Environment, key: str) -> tuple[Condition, ...]:
    """Conditions that a job belongs to an environment, by the tags in the request or on the job."""
    own = {"project": environment.project, "environment": environment.name}
    return tuple(
        Condition(operator="StringEquals", key=f"{key}/{TAG_PREFIX}{tag}", values=(value,))
        for tag, value in own.items()
    )


def tag_at_creation(jobs: str) -> Statement:
    """Tagging tuning jobs as they are created, by their ARN."""
    return Statement(
        sid="TagAtCreation",
        actions=("sagemaker:AddTags",),
        resources=(jobs,),
        conditions=(
            Condition(operator="StringEquals", key="sagemaker:TaggingAction", values=(_CREATE,)),
        ),
        reason="tags tuning jobs as they are created, but no existing one, since tags identify "
        "the owner",
    )


def pass_role(roles: tuple[str, ...], reason: str) -> Statement:
    """Passing roles to training jobs, by their ARNs."""
    return Statement(
        sid="PassRole",
        actions=("iam:PassRole",),
        resources=roles,
        conditions=(
            Condition(
                operator="StringEquals",
                key="iam:PassedToService",
                values=("sagemaker.amazonaws.com",),
            ),
        ),
        reason=reason,
    )


def _pass_role(environment: Environment) -> Iterator[Statement]:
    match environment.infrastructure.execution_role:
        case "absent":
            return
        case "managed":
            start = passable_roles(environment)
            role = arn(environment, "iam", f"role{start}*", is_global=True)
        case role:
            pass
    listed = environment.policy.execution_roles or ()
    yield pass_role(
        tuple(dict.fromkeys((role, *listed))),
        "passes a role of this environment to training jobs, and to SageMaker only",
    )


def _upload_code(environment: Environment) -> Iterator[Statement]:
    """Uploading the training code of specs with `source`, without replacing any."""
    bucket = environment.variables.get("artifact_bucket")
    if not isinstance(bucket, str):
        return
    archives = f"{bucket_arn(environment, bucket)}/{environment.project}/source/*"
    yield Statement(
        sid="UploadCode",
        actions=("s3:PutObject",),
        resources=(archives,),
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        conditions=(Condition(operator="Null", key="s3:if-none-match", values=("false",)),),
        reason="uploads training code; the condition keeps archives from being replaced, because "
        "other tuning jobs run them",
    )
    yield Statement(
        sid="FindCode",
        actions=("s3:GetObject",),
        resources=(archives,),
        reason="looks up whether training code was uploaded already",
    )
    key = environment.variables.get("kms_key_arn")
    if not isinstance(key, str):
        return
    grant = key_grant(key, environment)
    yield Statement(
        sid=f"EncryptCode{grant.suffix}",
        actions=("kms:GenerateDataKey",),  # an archive is stored in one part
        resources=(grant.resource,),
        conditions=(
            Condition(
                operator="StringEquals",
                key="kms:ViaService",
                values=(service_host(environment, "s3"),),
            ),
            *grant.conditions,
        ),
        reason=f"S3 encrypts the training code{grant.note}",
    )


def _track(environment: Environment) -> Iterator[Statement]:
    jobs = arn(environment, "sagemaker", _JOBS)
    yield Statement(
        sid="StopTuningJob",
        actions=("sagemaker:StopHyperParameterTuningJob",),
        resources=(jobs,),
        conditions=ownership_conditions(environment, "aws:ResourceTag"),
        reason="stops tuning jobs of this environment, identified by their tags",
    )
    yield Statement(
        sid="ReadTuningJobs",
        actions=(
            "sagemaker:DescribeHyperParameterTuningJob",
            "sagemaker:ListTags",
            "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
        ),
        resources=(jobs,),
        reason="follows tuning jobs; not by their tags, since hptc looks up whether a name is "
        "taken before a job with tags exists",
    )
    yield Statement(
        sid="ReadTrainingJobs",
        actions=("sagemaker:DescribeTrainingJob",),
        resources=(arn(environment, "sagemaker", "training-job/*"),),
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html#sagemaker-CreateHyperParameterTuningJob-request-Tags
        conditions=ownership_conditions(environment, "aws:ResourceTag"),
        reason="reads training jobs of this environment; SageMaker gives them the tags of their "
        "tuning job",
    )
    yield Statement(
        sid="ListTuningJobs",
        actions=("sagemaker:ListHyperParameterTuningJobs",),
        resources=("*",),
        reason="AWS has no narrower form: listing does not apply to a resource",
    )
    yield from read_logs(environment)
    stack = environment.foundation_stack
    yield Statement(
        sid="ReadStacks",
        actions=("cloudformation:DescribeStacks",),
        resources=tuple(
            arn(environment, "cloudformation", f"stack/{name}/*") for name in (stack, f"{stack}-*")
        ),
        reason="reads the outputs of this environment's stacks; AWS generates the ends of their "
        "ARNs",
    )
