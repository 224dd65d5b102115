"""HPT530 to HPT536: what the stacks of an environment can't provide, or what AWS rejects in them.

These rules need an environment and read the same data as synthesis. Errors in hptc.yaml alone are
reported by hptc/infrastructure/project_findings.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from hptc.diagnostics import Finding, RequestPath, SpecPath
from hptc.project.references import has_reference, latest_spec, names_in
from hptc.request.spec_paths import value_at
from hptc.rules.rule import Context, Rule, error, warning
from hptc.spec.schedule_frequency import never_starts
from hptc.text import shortened

if TYPE_CHECKING:
    from hptc.infrastructure.deployable_spec import DeployableSpec
    from hptc.project.project_file import Environment

# Infrastructure is imported only where needed: files outside a project don't use it.

_USED_BY_SAGEMAKER = "172.17.0.0/16"


@error("HPT530")
def unreachable_bucket(rule: Rule, context: Context) -> Iterator[Finding]:
    """Training jobs can't access a bucket from the environment's VPC.

    The policy of the VPC's Amazon S3 endpoint allows the environment's buckets and those in
    `s3_buckets`; with `input_locations` or `output_locations` in the policy, only these locations
    of the latter. It denies any other request, and training jobs fail
    (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
    S3 Express One Zone needs a separate endpoint, which that VPC does not have.

    Bad:
        # infrastructure: {kms_key: absent, network: managed}
        training_job: {inputs: {train: {s3: "s3://example/train/"}}}

    Good:
        # infrastructure: {kms_key: absent, network: {s3_buckets: [example]}}
        training_job: {inputs: {train: {s3: "s3://example/train/"}}}
    """
    if context.environment is None or context.deployable is None:
        return
    from hptc.infrastructure.s3_endpoint import unreachable_buckets

    name = context.environment.name
    for bucket in unreachable_buckets(context.environment, context.job):
        if bucket.is_directory_bucket:
            yield rule.finding(
                f"the VPC of the environment `{name}` has no endpoint for S3 Express One Zone, "
                f"so training jobs can't reach `{bucket.name}`",
                bucket.path,
                label="not reachable",
                help="use a general purpose bucket, or an existing network with a gateway "
                "endpoint for s3express",
            )
        elif bucket.key is not None:
            yield rule.finding(
                f"the S3 endpoint of the environment `{name}` does not allow reading `{bucket.key}`"
                f" in the bucket `{bucket.name}`, which training jobs need",
                bucket.path,
                label="not in the policy's `input_locations`",
                help="use a bucket of the environment, or add "
                f"`s3://{bucket.name}/{bucket.key}` to `input_locations`",
            )
        else:
            yield rule.finding(
                f"the S3 endpoint of the environment `{name}` does not allow the bucket "
                f"`{bucket.name}`, so training jobs can't reach it",
                bucket.path,
                label="not reachable",
                help=f"add `{bucket.name}` to "
                f"`environments.{name}.infrastructure.network.s3_buckets` in hptc.yaml",
            )


@error("HPT531")
def too_large_to_deploy(rule: Rule, context: Context) -> Iterator[Finding]:
    """The role policy or the scheduled request of a spec is larger than AWS allows.

    The inline policies of a role can have up to 10,240 characters in total
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). The request of a
    scheduled tuning job can have up to 256 KiB, the maximum payload of a Step Functions task
    (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).

    Bad:
        # `long_prefix` is a variable of 980 characters
        training_job:
          inputs:
            a: {s3: "s3://example/a/{{ long_prefix }}/"}
            b: {s3: "s3://example/b/{{ long_prefix }}/"}
            c: {s3: "s3://example/c/{{ long_prefix }}/"}
            d: {s3: "s3://example/d/{{ long_prefix }}/"}
            e: {s3: "s3://example/e/{{ long_prefix }}/"}

    Good:
        training_job:
          inputs:
            all: {s3: "s3://example/churn/"}
    """
    environment, spec = context.environment, context.deployable
    if environment is None or spec is None:
        return
    yield from _large_role_policy(rule, context, environment, spec)
    if spec.schedule is not None:
        yield from _large_schedule(rule, environment, spec)


def _large_role_policy(
    rule: Rule, context: Context, environment: Environment, spec: DeployableSpec
) -> Iterator[Finding]:
    from hptc.infrastructure.permissions import has_managed_role, has_small_policy, permissions
    from hptc.infrastructure.policy_size import MAX_ROLE_POLICY, policy_size

    job = spec.job
    if not has_managed_role(environment, job) or has_small_policy(environment, job):
        return
    statements = permissions(environment, job, spec=spec.name)
    size = policy_size(statements, environment)
    if size <= MAX_ROLE_POLICY:
        return
    largest = max(statements, key=lambda statement: policy_size([statement], environment))
    longest = max(
        largest.required_by, key=lambda path: len(str(value_at(context.request, path) or ""))
    )
    yield rule.finding(
        f"the policy of the execution role has {size:,} characters, but IAM allows "
        f"{MAX_ROLE_POLICY:,}",
        longest,
        label=f"most of it is for {largest.sid}",
        help="use fewer or shorter S3 prefixes, such as one common prefix; or set `role_arn` to "
        "an existing role",
    )


def _large_schedule(
    rule: Rule, environment: Environment, spec: DeployableSpec
) -> Iterator[Finding]:
    from hptc.infrastructure.policy_size import MAX_ROLE_POLICY, policy_size
    from hptc.infrastructure.scheduled_start import (
        MAX_PAYLOAD_BYTES,
        machine_permissions,
        payload_size,
    )

    payload = payload_size(environment, spec)
    if payload > MAX_PAYLOAD_BYTES:
        yield rule.finding(
            f"the request of the scheduled tuning job has {payload:,} bytes, but Step Functions "
            f"allows {MAX_PAYLOAD_BYTES:,}",
            SpecPath(("schedule",)),
            help="use fewer or shorter hyperparameters and environment variables, or remove the "
            "schedule",
        )
    size = policy_size(machine_permissions(environment, spec), environment)
    if size > MAX_ROLE_POLICY:
        yield rule.finding(
            f"the policy of the schedule's role has {size:,} characters, but IAM allows "
            f"{MAX_ROLE_POLICY:,}",
            SpecPath(("schedule",)),
            help="use fewer or shorter role ARNs",
        )


@error("HPT532")
def invalid_stack_name(rule: Rule, context: Context) -> Iterator[Finding]:
    r"""The name of a spec's stack is invalid.

    The stacks of a spec are named hptc-PROJECT-ENVIRONMENT-SPEC, with -schedule for its schedule.
    Stack names can have up to 128 letters, digits and hyphens
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).

    Bad:
        name: "churn-of-the-customers-of-the-northern-branches-by-month-and-product-with-\
          the-features-of-the-last-four-quarters-and-the-new-labels"

    Good:
        name: churn-northern-branches
    """
    environment, spec = context.environment, context.deployable
    if environment is None or spec is None:
        return
    from hptc.infrastructure.permissions import has_managed_role
    from hptc.infrastructure.stack_names import MAX_STACK_NAME, is_stack_name

    if not is_stack_name(environment.foundation_stack):
        return  # the name of the environment is the problem
    has_stack = has_managed_role(environment, spec.job)
    names = [environment.spec_stack(spec.name)] if has_stack else []
    if spec.schedule is not None:
        names.append(environment.schedule_stack(spec.name))
    invalid = next((name for name in names if not is_stack_name(name)), None)
    if invalid is not None:
        yield rule.finding(
            f"the stack of this spec would be named `{shortened(invalid, 60)}`, which has "
            f"{len(invalid)} characters, but CloudFormation allows {MAX_STACK_NAME}"
            if len(invalid) > MAX_STACK_NAME
            else f"the stack of this spec would be named `{invalid}`, but the name of a stack has "
            "letters, digits and hyphens only",
            SpecPath(("name",)),
            help=f"shorten the name by {len(invalid) - MAX_STACK_NAME} characters"
            if len(invalid) > MAX_STACK_NAME
            else "rename the spec",
        )


@error("HPT533")
def unresolvable_reference(rule: Rule, context: Context) -> Iterator[Finding]:
    """No stack of the environment provides a `${hptc:…}` reference.

    A reference is resolved to the output of a stack. An environment outputs what its
    `infrastructure` manages or reads from an SSM parameter; nothing else has a value when the
    tuning job is submitted
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html).

    Bad:
        training_job:
          vpc: {subnets: ["${hptc:subnet_id_1}"], security_group_ids: [sg-0a1b2c3d]}

    Good:
        training_job:
          vpc: {subnets: [subnet-0a1b2c3d], security_group_ids: [sg-0a1b2c3d]}
    """
    environment, spec = context.environment, context.deployable
    if environment is None or spec is None:
        return
    from hptc.infrastructure.stack_outputs import foundation_outputs, not_provided

    missing = {
        name for name in not_provided(environment, context.references) if latest_spec(name) is None
    }
    if not missing:
        return
    provided = ", ".join(f"${{hptc:{name}}}" for name in foundation_outputs(environment))
    for path, text in _texts(spec.request, RequestPath()):
        for name in sorted(names_in(text) & missing):
            yield rule.finding(
                f"no stack of the environment `{environment.name}` provides `${{hptc:{name}}}`",
                path,
                help=f"it provides {provided or 'nothing'}; see "
                f"`environments.{environment.name}.infrastructure` in hptc.yaml",
            )


@error("HPT534")
def schedule_ends_before_start(rule: Rule, context: Context) -> Iterator[Finding]:
    """The `end_date` of a schedule is not after its `start_date`.

    EventBridge Scheduler rejects such a schedule
    (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html).

    Bad:
        schedule:
          schedule_expression: rate(7 days)
          start_date: 2027-06-01T00:00:00Z
          end_date: 2027-01-01T00:00:00Z

    Good:
        schedule:
          schedule_expression: rate(7 days)
          start_date: 2027-01-01T00:00:00Z
          end_date: 2027-06-01T00:00:00Z
    """
    schedule = context.deployable.schedule if context.deployable is not None else None
    if schedule is None or schedule.start_date is None or schedule.end_date is None:
        return
    if schedule.end_date <= schedule.start_date:  # both in UTC, with the same format
        yield rule.finding(
            f"`end_date` must be after `start_date`, {schedule.start_date}, but is "
            f"{schedule.end_date}",
            SpecPath(("schedule", "end_date")),
            help="swap the two dates, or remove one",
        )


@warning("HPT535")
def schedule_without_starts(rule: Rule, context: Context) -> Iterator[Finding]:
    """The days of a schedule don't exist.

    No month of the cron expression has its days of the month, such as February 31, so the schedule
    never starts a tuning job
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).

    Bad:
        schedule: cron(0 6 31 2,4 ? *)

    Good:
        schedule: cron(0 6 L 2,4 ? *)
    """
    schedule = context.deployable.schedule if context.deployable is not None else None
    if schedule is not None and never_starts(schedule):
        yield rule.finding(
            f"`{schedule.schedule_expression}` never starts: none of its months has such a day",
            SpecPath(("schedule", "schedule_expression")),
            label="no such day",
            help="change the third field; `L` is the last day of each month",
        )


@warning("HPT536")
def conflicting_network_addresses(rule: Rule, context: Context) -> Iterator[Finding]:
    """The VPC that hptc creates has addresses that SageMaker uses itself.

    AWS advises against 172.17.0.0/16 for a VPC, because addresses in it can conflict with those
    that SageMaker uses (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html).

    Bad:
        # infrastructure: {kms_key: absent, network: {s3_buckets: [example], cidr: 172.17.0.0/20}}
        description: in the VPC of the environment

    Good:
        # infrastructure: {kms_key: absent, network: {s3_buckets: [example], cidr: 10.42.0.0/20}}
        description: in the VPC of the environment
    """
    network = context.environment.infrastructure.network if context.environment else None
    if network is None or not network.is_managed or context.deployable is None:
        return
    from hptc.infrastructure.foundation import cidr_block

    block = cidr_block(network.cidr)
    if block is None or not block.overlaps(IPv4Network(_USED_BY_SAGEMAKER)):
        return
    for definition in context.job.definitions:
        if definition.vpc is not None and any(map(has_reference, definition.vpc.subnets)):
            yield rule.finding(
                f"the VPC has the addresses {network.cidr}, but SageMaker uses "
                f"{_USED_BY_SAGEMAKER} itself, so they can conflict",
                definition.path / "VpcConfig",
                help="use another `cidr` for it in hptc.yaml, such as 10.42.0.0/20",
            )


def _texts(value: object, path: RequestPath) -> Iterator[tuple[RequestPath, str]]:
    """Every string in plain data, with its path."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, path / key)
        case list():
            for index, inner in enumerate(value):
                yield from _texts(inner, path / index)


RULES = (
    unreachable_bucket,
    too_large_to_deploy,
    invalid_stack_name,
    unresolvable_reference,
    schedule_ends_before_start,
    schedule_without_starts,
    conflicting_network_addresses,
)
