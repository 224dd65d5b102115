"""HPT50x: plaintext secrets, roles of other accounts, and overly broad access."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog import images
from hptc.catalog.arn import ARN
from hptc.diagnostics import Finding, RequestPath
from hptc.frozen import frozen
from hptc.project.references import has_reference
from hptc.request.named_resources import s3_locations
from hptc.request.tuning_job import AutoRange, CategoricalRange, Definition, FileSystemSource
from hptc.rules.rule import Context, Rule, error, warning
from hptc.secrets.detector import secret_in

_WHOLE_BUCKET = re.compile(r"s3://[^/]+/*")


@warning("HPT501", "H06", "U03")
def plaintext_secret(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter, environment variable or tag contains a secret.

    Everyone who can describe a training job can read its hyperparameters, environment and tags, and
    so can everyone with access to the repository. The rule reports values in the format of known
    secrets, and literals with names such as `DB_PASSWORD`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html).

    Bad:
        training_job:
          environment: {AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLE}

    Good:
        training_job:
          environment: {SECRET_NAME: training/warehouse}
    """
    for definition in context.job.definitions:
        for text in _plain_texts(definition):
            kind = _kind_of_secret(text.name, text.value, text.beside)
            if kind is not None:
                yield _secret(rule, text.path, text.name, kind)
    for index, tag in enumerate(context.request.get("Tags", ())):
        kind = _kind_of_secret(tag["Key"], tag["Value"], ())
        if kind is not None:
            yield _secret(rule, RequestPath(("Tags", index, "Value")), tag["Key"], kind)


@frozen
class _PlainText:
    """A text that a container gets."""

    name: str
    value: str
    owner: RequestPath
    key: str | int  # in the owner
    beside: tuple[str, ...] = ()  # the other values, such as the secret key of an access key ID

    @property
    def path(self) -> RequestPath:
        """The path of the text."""
        return self.owner / self.key


def _plain_texts(definition: Definition) -> Iterator[_PlainText]:
    for member, values in (
        ("StaticHyperParameters", definition.static),
        ("Environment", definition.environment),
    ):
        owner, beside = definition.path / member, tuple(values.values())
        for name, value in values.items():
            yield _PlainText(name=name, value=value, owner=owner, key=name, beside=beside)
    for range_ in definition.ranges:
        match range_:
            case CategoricalRange(name=name):
                owner = range_.path / "Values"
                for index, value in enumerate(range_.values):
                    yield _PlainText(name=name, value=value, owner=owner, key=index)
            case AutoRange(name=name, value_hint=value):
                yield _PlainText(name=name, value=value, owner=range_.path, key="ValueHint")


def _kind_of_secret(name: str, value: str, beside: tuple[str, ...]) -> str | None:
    return None if has_reference(value) else secret_in(name, value, beside=beside)


def _secret(rule: Rule, path: RequestPath, name: str, kind: str) -> Finding:
    advice = (
        "the container has the permissions of the execution role"
        if "AWS" in kind
        else "have the container read it from AWS Secrets Manager"
    )
    return rule.finding(
        f"`{name}` contains {kind}, which everyone with access to the job can read",
        path,
        label="looks like a secret",
        is_removable=True,
        help=f"remove it; {advice}; rotate the secret if it was committed",
        is_secret=True,
    )


@error("HPT502", "B05")
def role_in_another_account(rule: Rule, context: Context) -> Iterator[Finding]:
    """The execution role is in another account or partition.

    A role can only be passed to SageMaker in its own account
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    The rule compares the role's ARN with the environment, or else with the Region of the training
    image and the roles of the other training jobs.

    Bad:
        training_job:
          role_arn: arn:aws:iam::444455556666:role/training

    Good:
        training_job:
          role_arn: arn:aws:iam::111122223333:role/training
    """
    account = context.environment.account if context.environment else None
    for definition in context.job.definitions:
        role = None if has_reference(definition.role_arn) else ARN.parse(definition.role_arn)
        if role is None:
            continue
        account = account or role.account
        region = context.region_of(definition)
        problem = label = ""
        if role.account != account:
            problem = f"the role is in account {role.account}, but the tuning job is in {account}"
            label = f"not in {account}"
        elif region is not None and role.partition != images.partition(region):
            problem = f"the role is in partition {role.partition}, but {region} is not"
            label = f"must start with arn:{images.partition(region)}:"
        if problem:
            yield rule.finding(
                problem,
                definition.path / "RoleArn",
                label=label,
                help="use a role in the tuning job's account; bucket policies can give it access "
                "to other accounts",
            )


@warning("HPT503")
def whole_bucket(rule: Rule, context: Context) -> Iterator[Finding]:
    """An S3 location is a whole bucket.

    The training jobs can read or write everything in the bucket, now and in the future: the role
    needs these permissions, every training job downloads all of it, and models are mixed with data
    (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).
    The same applies to a whole file system that training jobs can write to.

    Bad:
        training_job:
          inputs:
            train: {s3: "s3://example/"}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/churn/train/"}
    """
    for definition in context.job.definitions:
        for location in s3_locations(definition):
            if location.is_prefix and _WHOLE_BUCKET.fullmatch(location.uri):
                yield rule.finding(
                    f"{location.noun} is a whole bucket",
                    location.path,
                    label="no prefix",
                    help="use a prefix, such as s3://<bucket>/<project>/",
                )
        for channel in definition.channels:
            for source in channel.sources:
                if isinstance(source, FileSystemSource) and (
                    source.access_mode == "rw" and not source.directory.strip("/")
                ):
                    yield rule.finding(
                        f"the training jobs can write to all of {source.id}",
                        source.path / "DirectoryPath",
                        label="the whole file system",
                        help="use a directory, or `file_system_access_mode: ro`",
                    )


RULES = (
    plaintext_secret,
    role_in_another_account,
    whole_bucket,
)
