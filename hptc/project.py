"""hptc.yaml: what the specs of a project share, and where they are deployed.

The file's text in, a frozen `Project` out. It is optional: without it a spec with explicit ARNs and
URIs compiles alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from hptc import source
from hptc.diagnostics import Diagnostic, Finding, Path, Severity
from hptc.errors import UsageError
from hptc.filesystem import DISK, Files
from hptc.policy import Policy
from hptc.references import reference
from hptc.source import Document
from hptc.spec import Text, findings_of

FILE_NAME = "hptc.yaml"
MAX_VARIABLE = 4096
_ZONES = 2


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _to_network(value: Any) -> Any:
    return {"managed": {}, "absent": None}.get(value, value) if isinstance(value, str) else value


class Network(_Model):
    """Where training jobs run: subnets and security groups of yours, or a VPC that hptc makes."""

    subnet_ids: list[str] | None = Field(
        default=None,
        description="Private subnets of yours.",
        examples=[["subnet-0123456789abcdef0"]],
    )
    security_group_ids: list[str] | None = Field(
        default=None, description="Security groups of yours.", examples=[["sg-0123456789abcdef0"]]
    )
    cidr: str = Field(
        default="10.42.0.0/20",
        description="Addresses of the VPC that hptc makes.",
        examples=["10.42.0.0/20"],
    )
    availability_zones: list[str] | None = Field(
        default=None,
        description="Zones of the VPC that hptc makes, 2 or 3; the Region's a and b when absent.",
        min_length=2,
        max_length=3,
        examples=[["us-east-1a", "us-east-1b"]],
    )
    interface_endpoints: list[str] = Field(
        default_factory=list,
        description="AWS services that your training code itself calls, reached from the VPC that "
        "makes. SageMaker needs none for its own part; S3 has an endpoint in any case.",
        examples=[["sts", "secretsmanager"]],
    )
    s3_prefix_list_id: str | None = Field(
        default=None,
        description="The Region's prefix list of S3; the security group that hptc makes then lets "
        "nothing out but to it.",
        examples=["pl-0123456789abcdef0"],
    )

    @model_validator(mode="after")
    def _yours_is_whole(self) -> "Network":
        if (self.subnet_ids is None) != (self.security_group_ids is None):
            raise PydanticCustomError(
                "missing_key",
                "a network of yours needs both `subnet_ids` and `security_group_ids`",
            )
        return self

    @property
    def is_managed(self) -> bool:
        """Whether hptc makes it."""
        return self.subnet_ids is None

    @property
    def zone_count(self) -> int:
        """How many subnets the VPC that hptc makes has."""
        return len(self.availability_zones) if self.availability_zones else _ZONES


class Infrastructure(_Model):
    """What hptc makes for an environment: `managed`, `absent`, or the name of yours."""

    execution_role: str = Field(
        default="managed",
        description="The role of the training jobs: `managed` makes one for each spec; "
        "an ARN of yours; or `absent`.",
        examples=["managed", "arn:aws:iam::111122223333:role/tuning"],
    )
    artifact_bucket: str = Field(
        default="managed",
        description="The bucket for model artifacts: `managed`, `absent` or a name of yours.",
        examples=["managed", "my-artifacts"],
    )
    data_bucket: str = Field(
        default="managed",
        description="The bucket for training data: `managed`, `absent` or a name of yours.",
        examples=["managed", "my-data"],
    )
    kms_key: str = Field(
        default="managed",
        description="The key that encrypts buckets, volumes and artifacts: `managed`, `absent` "
        "or an ARN of yours.",
        examples=[
            "managed",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
    )
    input_kms_keys: list[str] = Field(
        default_factory=list,
        description="Keys of yours that encrypt training data; managed roles may use them.",
        examples=[["alias/lake"]],
    )
    network: Annotated[
        Network | None,
        BeforeValidator(_to_network, json_schema_input_type=Literal["managed", "absent"] | Network),
    ] = Field(
        default=None,
        description="Where training jobs run: `managed` makes a VPC without internet access, "
        "`absent` uses SageMaker's own network; or a mapping with a network of yours.",
        examples=["managed"],
    )
    launcher_policy: Literal["managed", "absent"] = Field(
        default="managed",
        description="A policy for those who may start searches: it allows what `policy` allows.",
        examples=["managed"],
    )
    permissions_boundary: str | None = Field(
        default=None,
        description="The boundary of each role that hptc makes: the ARN of a managed policy.",
        examples=["arn:aws:iam::111122223333:policy/boundary"],
    )
    role_path: str | None = Field(
        default=None,
        description="The path of the roles that hptc makes, and of no others: who may start "
        "searches may pass what is under it. /hptc/PROJECT/ENVIRONMENT/ when absent.",
        examples=["/ml/tuning/"],
        pattern=r"^/([!-.0-~]+/)+$",
    )
    role_name_prefix: str | None = Field(
        default=None,
        description="What the name of each role that hptc makes begins with; when absent, "
        "CloudFormation makes up the names.",
        examples=["ml-tuning-"],
        pattern=r"^[\w+=,.@-]{1,32}$",
    )
    removal: Literal["retain", "destroy"] = Field(
        default="retain",
        description="Whether buckets and keys outlive their stack.",
        examples=["retain"],
    )


class EnvironmentFile(_Model):
    """One place to deploy to: an account, a Region, and what differs there."""

    account: Text = Field(
        description="The AWS account's 12 digits.", examples=["111122223333"], pattern=r"^\d{12}$"
    )
    region: str = Field(
        description="The AWS Region.", examples=["us-east-1"], pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$"
    )
    variables: dict[str, Any] = Field(
        default_factory=dict,
        description="Values for {{ name }} in specs.",
        examples=[{"data_prefix": "s3://bucket/2026"}],
    )
    infrastructure: Infrastructure = Field(
        default_factory=Infrastructure, description="What hptc makes, and what is yours already."
    )
    policy: Policy = Field(
        default_factory=Policy,
        description="What a search may be here; each key replaces the project's.",
        examples=[{"budget_usd": 50}],
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description="Part of a spec, merged over every spec here.",
        examples=[{"limits": {"max_number_of_training_jobs": 4}}],
    )


class ProjectFile(_Model):
    """hptc.yaml."""

    project: str = Field(
        description="The project's name; part of every stack's name.",
        examples=["churn"],
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
    )
    specs: list[str] = Field(
        default_factory=lambda: ["specs"],
        description="Folders and files that hold the specs.",
        examples=[["specs"]],
    )
    default_environment: str | None = Field(
        default=None, description="The environment when --env is not given.", examples=["dev"]
    )
    defaults: dict[str, Any] = Field(
        default_factory=dict,
        description="Part of a spec, merged under every spec.",
        examples=[{"early_stopping": "Auto"}],
    )
    policy: Policy = Field(
        default_factory=Policy,
        description="What a search may be, in every environment.",
        examples=[{"max_number_of_training_jobs": 100}],
    )
    environments: dict[str, EnvironmentFile] = Field(
        default_factory=dict,
        description="Where the specs are deployed, by name.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment, ready to compile in."""

    project: str
    name: str
    account: str
    region: str
    infrastructure: Infrastructure
    variables: Mapping[str, Any]  # what templates see
    policy: Policy = field(default_factory=Policy)

    @property
    def foundation_stack(self) -> str:
        """The name of the stack that the specs share."""
        return f"hptc-{self.project}-{self.name}"

    @property
    def role_path(self) -> str:
        """The path of the roles that hptc makes, by which a policy can name them all."""
        return self.infrastructure.role_path or f"/hptc/{self.project}/{self.name}/"

    def spec_stack(self, spec_name: str) -> str:
        """The name of one spec's stack."""
        return f"{self.foundation_stack}-{spec_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project: its file, and the folder that it stands in."""

    root: FilePath
    document: Document
    file: ProjectFile

    def environment(self, name: str | None) -> Environment | None:
        """The environment of that name, or the default one; None when there are none.

        Raises UsageError for a name that is not there, or when the choice is not clear.
        """
        known = self.file.environments
        chosen = name or self.file.default_environment
        if chosen is None:
            if not known:
                return None
            if len(known) > 1:
                raise UsageError(
                    f"{self.document.file} has several environments and none was chosen: "
                    + ", ".join(known),
                    help="say --env NAME, or set `default_environment`",
                )
            chosen = next(iter(known))
        if chosen not in known:
            raise UsageError(
                f"{self.document.file} has no environment `{chosen}`",
                help=f"it has: {', '.join(known) or 'none'}",
            )
        entry = known[chosen]
        return Environment(
            project=self.file.project,
            name=chosen,
            account=entry.account,
            region=entry.region,
            infrastructure=entry.infrastructure,
            policy=self.file.policy.model_copy(update=_said(entry.policy)),
            variables=_variables(self.file.project, chosen, entry),
        )


def _said(policy: Policy) -> dict[str, Any]:
    return {key: getattr(policy, key) for key in policy.model_fields_set}


def _variables(project: str, name: str, entry: EnvironmentFile) -> dict[str, Any]:
    from hptc.images import partition, url_suffix

    return {
        "project": project,
        "env": name,
        "account": entry.account,
        "region": entry.region,
        "partition": partition(entry.region),
        "url_suffix": url_suffix(entry.region),
        **provided(entry.infrastructure),
        **entry.variables,
    }


def provided(infrastructure: Infrastructure) -> dict[str, Any]:
    """What an environment's infrastructure gives to specs: literals, or references to stacks."""
    values: dict[str, Any] = {}
    for variable, choice in (
        ("artifact_bucket", infrastructure.artifact_bucket),
        ("data_bucket", infrastructure.data_bucket),
        ("kms_key_arn", infrastructure.kms_key),
    ):
        if choice != "absent":
            values[variable] = reference(variable) if choice == "managed" else choice
    network = infrastructure.network
    if network is not None and network.is_managed:
        values["subnet_ids"] = [reference(f"subnet_id_{i + 1}") for i in range(network.zone_count)]
        values["security_group_ids"] = [reference("security_group_id")]
    elif network is not None:
        values["subnet_ids"] = network.subnet_ids
        values["security_group_ids"] = network.security_group_ids
    return values


def find(start: FilePath, files: Files = DISK) -> FilePath | None:
    """The nearest hptc.yaml at or above `start`, inside its repository."""
    folder = files.real(start)
    for candidate in (folder, *folder.parents):
        if files.is_file(candidate / FILE_NAME):
            return candidate / FILE_NAME
        if files.is_repository(candidate):
            return None
    return None


def load(path: FilePath, files: Files = DISK) -> tuple[Project | None, list[Diagnostic]]:
    """Read hptc.yaml, or say what is wrong with it."""
    document, diagnostics = source.parse(files.read(str(path)), _shown(path))
    if document.root is None and not diagnostics:
        message = "hptc.yaml is empty; it begins with `project:`"
        finding = Finding(code="HPT100", message=message, path=(), in_spec=True)
        return None, [source.place(document, finding, ())]
    data, faults = source.construct(document)
    diagnostics += faults
    if diagnostics:
        return None, diagnostics
    try:
        file = ProjectFile.model_validate(data)
    except ValidationError as error:
        return None, [source.place(document, f, f.path) for f in findings_of(error, ProjectFile)]
    faults = _long_variables(file, document)
    return (
        (None, faults) if faults else (Project(root=path.parent, document=document, file=file), [])
    )


def _long_variables(file: ProjectFile, document: Document) -> list[Diagnostic]:
    found = []
    for name, environment in file.environments.items():
        for variable, value in environment.variables.items():
            if isinstance(value, str) and len(value) > MAX_VARIABLE:
                path: Path = ("environments", name, "variables", variable)
                message = f"`{variable}` has {len(value)} characters; {MAX_VARIABLE} is the most"
                found.append(
                    Diagnostic(
                        code="HPT102",
                        severity=Severity.ERROR,
                        message=message,
                        span=document.span(path),
                    )
                )
    return found


def _shown(path: FilePath) -> str:
    try:
        return str(path.relative_to(FilePath.cwd()))
    except ValueError:
        return str(path)
