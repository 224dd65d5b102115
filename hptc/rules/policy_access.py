"""HPT819 to HPT822: the project's policy on execution roles and S3 locations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hptc.catalog.arn import ARN
from hptc.diagnostics import Finding, RequestPath
from hptc.project.patterns import matches_any_glob
from hptc.project.project_file import Environment
from hptc.project.references import has_reference
from hptc.request.job_facts import SUBMIT_DIRECTORY, of_definition, toolkit_text
from hptc.request.named_resources import S3Location, input_locations, output_locations
from hptc.request.tuning_job import (
    CategoricalRange,
    DatasetSource,
    Definition,
    FileSystemSource,
)
from hptc.rules.rule import Context, Rule, error, warning

_OWN_BUCKETS = ("artifact_bucket", "data_bucket")


@error("HPT819")
def forbidden_execution_role(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow the execution role.

    Training code has all permissions of its role. Roles that hptc creates are always allowed,
    because they have exactly what their spec needs. The launcher policy lets people pass the same
    roles (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).

    Bad:
        # policy: {execution_roles: ["arn:aws:iam::*:role/tuning-*"]}
        training_job: {role_arn: arn:aws:iam::111122223333:role/Admin}

    Good:
        # policy: {execution_roles: ["arn:aws:iam::*:role/tuning-*"]}
        training_job: {role_arn: arn:aws:iam::111122223333:role/tuning-churn}
    """
    allowed = context.policy.execution_roles
    if allowed is None:
        return
    for definition in _with_own_role(context):
        if not matches_any_glob(allowed, definition.role_arn):
            yield rule.finding(
                f"the policy does not allow the execution role {definition.role_arn}",
                definition.path / "RoleArn",
                label="not allowed",
                help=f"allowed: roles that hptc creates, {', '.join(allowed) or 'no others'}",
                policy_key=("execution_roles",),
            )


@warning("HPT820")
def execution_role_outside_policy(rule: Rule, context: Context) -> Iterator[Finding]:
    """The project has a policy, but the permissions of an existing execution role are unknown.

    Training code has all permissions of its role, and hptc can't see what an existing one is
    allowed to do. People with the environment's launcher policy can't pass it. Let hptc create the
    role, or list it in `execution_roles` of the policy
    (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).

    Bad:
        # policy: {max_parallel_training_jobs: 10}
        training_job: {role_arn: arn:aws:iam::111122223333:role/Admin}

    Good:
        # policy: {max_parallel_training_jobs: 10, execution_roles: ["arn:aws:iam::*:role/Admin"]}
        training_job: {role_arn: arn:aws:iam::111122223333:role/Admin}
    """
    environment, policy = context.environment, context.policy
    if environment is None or not environment.has_managed_roles or context.spec_name is None:
        return
    if policy.execution_roles is not None or not policy.model_dump(exclude_none=True):
        return
    for definition in _with_own_role(context):
        yield rule.finding(
            f"the execution role{of_definition(definition)} is not one that hptc creates, and the "
            "policy does not list it",
            definition.path / "RoleArn",
            label="its permissions are unknown",
            is_removable=True,
            help="remove `role_arn`, or list it in `execution_roles` of the policy",
        )


def _with_own_role(context: Context) -> Iterator[Definition]:
    """The definitions whose role is neither created by hptc nor the environment's own."""
    own = context.environment.infrastructure.execution_role if context.environment else None
    for definition in context.job.definitions:
        role = definition.role_arn
        if not (has_reference(role) or role == own or _is_created(role, context.environment)):
            yield definition


def _is_created(role: str, environment: Environment | None) -> bool:
    """Whether a role is one that hptc creates in the environment, by its path and name."""
    arn = ARN.parse(role)
    if arn is None or environment is None or not environment.has_managed_roles:
        return False
    from hptc.infrastructure.stack_names import created_roles  # not needed outside of a project

    is_own_account = (arn.service, arn.account) == ("iam", environment.account)
    return is_own_account and arn.resource.startswith(f"role{created_roles(environment)}")


@error("HPT821")
def forbidden_input_location(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow an input's location.

    The environment's own buckets are always allowed. A manifest can list every object of its
    bucket, and so needs a policy that allows all of them. A file system, a dataset and the code of
    a script are inputs too: the policy can list the ID of a file system and the ARN of a dataset
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).

    Bad:
        # policy: {input_locations: ["s3://lake/*"]}
        training_job: {inputs: {train: {s3: "s3://elsewhere/train/"}}}

    Good:
        # policy: {input_locations: ["s3://lake/*"]}
        training_job: {inputs: {train: {s3: "s3://lake/train/"}}}
    """
    allowed = context.policy.input_locations
    if allowed is None:
        return
    for definition in context.job.definitions:
        for refused, path in _forbidden_inputs(definition, allowed, context):
            yield rule.finding(
                f"the policy does not allow {refused}",
                path,
                label="not allowed",
                help=_allowed_text(allowed),
                policy_key=("input_locations",),
            )


def _forbidden_inputs(
    definition: Definition, allowed: list[str], context: Context
) -> Iterator[tuple[str, RequestPath]]:
    """(what the policy does not allow, its path) of the inputs of a definition."""
    for location in input_locations(definition):
        if not _is_allowed(location.uri, allowed, context):
            yield f"inputs from {location.uri}", location.path
        elif not location.is_prefix and not _is_allowed(_bucket(location.uri), allowed, context):
            listed = f"inputs from all of {_bucket(location.uri)}, which a manifest can list"
            yield listed, location.path
    for source in (source for channel in definition.channels for source in channel.sources):
        match source:
            case FileSystemSource(id=id) if not matches_any_glob(allowed, id):
                yield f"inputs from the file system {id}", source.path / "FileSystemId"
            case DatasetSource(arn=arn) if not matches_any_glob(allowed, arn):
                yield f"inputs from {arn}", source.path / "DatasetArn"
    for path, text in _code_locations(definition):
        code = toolkit_text(text)
        if code.startswith("s3://") and not _is_allowed(code, allowed, context):
            yield f"code from {code}", path


def _bucket(uri: str) -> str:
    return "/".join((*uri.split("/")[:3], ""))


def _code_locations(definition: Definition) -> Iterator[tuple[RequestPath, str]]:
    """(path, text) of each setting that says where the code of a script is."""
    static, environment = definition.static, definition.environment
    if SUBMIT_DIRECTORY in static:
        yield definition.path / "StaticHyperParameters" / SUBMIT_DIRECTORY, static[SUBMIT_DIRECTORY]
    if SUBMIT_DIRECTORY.upper() in environment:
        name = SUBMIT_DIRECTORY.upper()
        yield definition.path / "Environment" / name, environment[name]
    for range_ in definition.ranges:
        if isinstance(range_, CategoricalRange) and range_.name == SUBMIT_DIRECTORY:
            for index, value in enumerate(range_.values):
                yield range_.path / "Values" / index, value


@error("HPT822")
def forbidden_output_location(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow the S3 location of output or checkpoints.

    Artifacts can contain training data, so where they are written matters as much as where the data
    is read. The environment's own buckets are always allowed
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html).

    Bad:
        # policy: {output_locations: ["s3://models/*"]}
        training_job: {output: {s3_output_path: "s3://elsewhere/churn/"}}

    Good:
        # policy: {output_locations: ["s3://models/*"]}
        training_job: {output: {s3_output_path: "s3://models/churn/"}}
    """
    allowed = context.policy.output_locations
    if allowed is None:
        return
    for location in _forbidden(output_locations, allowed, context):
        yield rule.finding(
            f"the policy does not allow writing to {location.uri}",
            location.path,
            label="not allowed",
            help=_allowed_text(allowed),
            policy_key=("output_locations",),
        )


def _forbidden(
    locations: Callable[[Definition], Iterator[S3Location]], allowed: list[str], context: Context
) -> Iterator[S3Location]:
    for definition in context.job.definitions:
        for location in locations(definition):
            if not _is_allowed(location.uri, allowed, context):
                yield location


def _is_allowed(uri: str, allowed: list[str], context: Context) -> bool:
    """Whether a location is in one of the environment's buckets, or matches a pattern."""
    variables = context.environment.variables if context.environment is not None else {}
    own = [f"s3://{variables[name]}" for name in _OWN_BUCKETS if name in variables]
    is_own = any(uri == bucket or uri.startswith(f"{bucket}/") for bucket in own)
    return is_own or matches_any_glob(allowed, uri)


def _allowed_text(allowed: list[str]) -> str:
    return f"allowed: the environment's buckets, {', '.join(allowed) or 'no others'}"


RULES = (
    forbidden_execution_role,
    execution_role_outside_policy,
    forbidden_input_location,
    forbidden_output_location,
)
