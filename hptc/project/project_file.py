"""hptc.yaml: what the specs of a project share, and the environments they are deployed to.

The file is optional: a spec with explicit ARNs and URIs compiles without it.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path as FilePath
from typing import Any

from pydantic import Field, ValidationError

from hptc.diagnostics import Diagnostic, Finding, Path, ProjectPath, Severity, capped
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.project.identifiers import Location
from hptc.project.infrastructure_choices import (
    Infrastructure,
    normalize,
    parameters_replaced,
    provided,
)
from hptc.project.policy import Policy
from hptc.source.construction import ANY_KEY, VerbatimKeys, construct_data
from hptc.source.document import Document, parse_document, to_diagnostic
from hptc.source.filesystem import DISK, Files
from hptc.source.text_files import UnreadableFileError
from hptc.spec.spec_model import StrictModel, Text
from hptc.spec.tuning_spec import SPEC_VERBATIM
from hptc.spec.validation_findings import findings_of

FILE_NAME = "hptc.yaml"
MAX_VARIABLE = 4096  # characters
MAX_ENVIRONMENTS = 50
PROJECT_VERBATIM: VerbatimKeys = {
    "defaults": SPEC_VERBATIM,
    "environments": {
        ANY_KEY: {"account": True, "variables": True, "overrides": SPEC_VERBATIM},
    },
}
"""The keys of hptc.yaml whose numbers keep their text."""


def _empty() -> dict[str, Any]:
    # Pydantic reads a factory's signature, and to read that of `dict` Python starts its tokenizer.
    return {}


class EnvironmentFile(StrictModel):
    """One deployment target: an account, a Region, and the settings that differ there."""

    account: Text = Field(
        description="The AWS account's 12 digits.", examples=["111122223333"], pattern=r"^\d{12}$"
    )
    region: str = Field(
        description="The AWS Region.", examples=["us-east-1"], pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$"
    )
    variables: dict[str, Any] = Field(
        default_factory=_empty,
        description="Variables for {{ name }} in specs.",
        examples=[{"data_prefix": "s3://bucket/2026"}],
    )
    infrastructure: Infrastructure = Field(
        default_factory=Infrastructure,
        description="The resources to create, and the existing ones to use.",
    )
    policy: Policy = Field(
        default_factory=Policy,
        description="Limits on tuning jobs in this environment; each key replaces the project's.",
        examples=[{"budget_usd": 50}],
    )
    overrides: dict[str, Any] = Field(
        default_factory=_empty,
        description="Part of a spec, merged over every spec in this environment.",
        examples=[{"limits": {"max_number_of_training_jobs": 4}}],
    )


class ProjectFile(StrictModel):
    """hptc.yaml."""

    project: str = Field(
        description="The name of the project, which is part of every stack name.",
        examples=["churn"],
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
    )
    repository: str | None = Field(
        default=None,
        description="The repository that owns the stacks, which are tagged with it. Defaults to "
        "the URL of git's remote; set it if the project is deployed from a copy without git.",
        examples=["github.com/acme/churn"],
        pattern=r"^[A-Za-z0-9_.:/=+@ -]{1,256}$",
    )
    specs: list[str] = Field(
        default_factory=lambda: ["specs"],
        description="Folders and files that contain the specs.",
        examples=[["specs"]],
    )
    default_environment: str | None = Field(
        default=None,
        description="The environment that commands use without --env, except `check` and `diff`, "
        "which use all of them.",
        examples=["dev"],
    )
    defaults: dict[str, Any] = Field(
        default_factory=_empty,
        description="Part of a spec, merged under every spec.",
        examples=[{"early_stopping": "Auto"}],
    )
    policy: Policy = Field(
        default_factory=Policy,
        description="Limits on tuning jobs in every environment.",
        examples=[{"max_number_of_training_jobs": 100}],
    )
    environments: dict[str, EnvironmentFile] = Field(
        default_factory=_empty,
        description="Deployment targets, by name.",
    )


@frozen
class Environment:
    """One environment of a project, with its identifiers normalized and its policy merged."""

    project: str
    name: str
    account: str
    region: str
    infrastructure: Infrastructure
    variables: Mapping[str, Any]  # available to templates
    policy: Policy = field(default_factory=Policy)
    parameters: Mapping[str, str] = field(default_factory=dict)  # SSM parameters by reference
    root: FilePath | None = field(default=None, compare=False)  # the project's folder
    named_repository: str | None = field(default=None, compare=False)  # in hptc.yaml
    default: str = field(default="", compare=False)  # the environment that commands use

    @property
    def repository(self) -> str:
        """The repository that owns the stacks; empty if it is unknown. May run git."""
        if self.named_repository is not None:
            return self.named_repository
        if self.root is None:
            return ""
        from hptc.project.repository import repository_of

        return repository_of(self.root)

    @property
    def has_managed_roles(self) -> bool:
        """Whether `${hptc:execution_role_arn}` is a role that hptc creates for a spec."""
        return "execution_role_arn" not in self.parameters

    @property
    def foundation_stack(self) -> str:
        """The name of the stack that all specs share."""
        return f"hptc-{self.project}-{self.name}"

    @property
    def role_path(self) -> str:
        """The path of the roles that hptc creates; policies identify them by it."""
        return self.infrastructure.role_path or f"/hptc/{self.project}/{self.name}/"

    def spec_stack(self, spec_name: str) -> str:
        """The name of one spec's stack."""
        return f"{self.foundation_stack}-{spec_name}"

    def schedule_stack(self, spec_name: str) -> str:
        """The name of the stack with one spec's schedule."""
        return f"{self.spec_stack(spec_name)}-schedule"


@frozen
class Project:
    """A project: its hptc.yaml and the folder that contains it."""

    root: FilePath
    document: Document
    file: ProjectFile

    def environment(self, name: str | None) -> Environment | None:
        """The environment with a name, or the default one; None if there are none.

        Raises UsageError for an unknown name, and if the choice is ambiguous.
        """
        known = self.file.environments
        if self.is_unclear(name):
            raise UsageError(
                f"{self.document.file} has several environments and none was selected: "
                + ", ".join(known),
                help="use --env NAME, or set `default_environment`",
            )
        chosen = name or self.file.default_environment or next(iter(known), None)
        if chosen is None:
            return None
        if chosen not in known:
            raise UsageError(
                f"{self.document.file} has no environment `{chosen}`",
                help=f"defined environments: {', '.join(known) or 'none'}",
            )
        entry = known[chosen]
        location = Location(account=entry.account, region=entry.region)
        infrastructure, parameters = parameters_replaced(normalize(entry.infrastructure, location))
        return Environment(
            project=self.file.project,
            name=chosen,
            account=entry.account,
            region=entry.region,
            infrastructure=infrastructure,
            parameters=parameters,
            policy=self.file.policy.model_copy(update=_explicit(entry.policy)),
            variables=_variables(self.file.project, chosen, entry, infrastructure),
            root=self.root,
            named_repository=self.file.repository,
            default=self.file.default_environment or "",
        )

    def is_unclear(self, name: str | None) -> bool:
        """Whether there are several environments and neither a name nor a default selects one."""
        chosen = name or self.file.default_environment
        return chosen is None and len(self.file.environments) > 1

    def policy_in(self, environment: Environment | None) -> Policy:
        """The policy of an environment; without one, the part that every environment shares."""
        if environment is not None:
            return environment.policy
        policies = (settings.policy for settings in self.file.environments.values())
        differ = {key for policy in policies for key in _explicit(policy)}
        return self.file.policy.model_copy(update=dict.fromkeys(differ))


def _explicit(policy: Policy) -> dict[str, Any]:
    return {key: getattr(policy, key) for key in policy.model_fields_set}


def _variables(
    project: str, name: str, entry: EnvironmentFile, infrastructure: Infrastructure
) -> dict[str, Any]:
    from hptc.catalog.images import partition, url_suffix

    return {
        "project": project,
        "env": name,
        "account": entry.account,
        "region": entry.region,
        "partition": partition(entry.region),
        "url_suffix": url_suffix(entry.region),
        **provided(infrastructure),
        **entry.variables,
    }


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
    """The project of an hptc.yaml, or None, and the diagnostics of the file."""
    try:
        text = files.read(str(path))
    except UnreadableFileError as error:
        return None, [error.diagnostic]
    document, diagnostics = parse_document(text, _shown(path))
    if document.root is None and not diagnostics:
        message = "hptc.yaml is empty; it must start with `project:`"
        finding = Finding(code="HPT100", message=message, path=ProjectPath())
        return None, [to_diagnostic(document, finding, ())]
    data, faults = construct_data(document, verbatim=PROJECT_VERBATIM)
    diagnostics += faults
    if diagnostics:
        return None, diagnostics
    try:
        file = ProjectFile.model_validate(data)
    except ValidationError as error:
        findings = capped(findings_of(error, ProjectFile, ProjectPath))
        return None, [to_diagnostic(document, finding, finding.path) for finding in findings]
    faults = [
        *_many_environments(file, document),
        *_long_variables(file, document),
        *capped(_outside(file, document, path.parent, files)),
    ]
    return (
        (None, faults) if faults else (Project(root=path.parent, document=document, file=file), [])
    )


def _outside(
    file: ProjectFile, document: Document, root: FilePath, files: Files
) -> Iterator[Diagnostic]:
    """Entries of `specs` outside the repository or, without one, outside the project."""
    folder = files.real(root)
    above = (folder, *folder.parents)
    top = next((parent for parent in above if files.is_repository(parent)), folder)
    seen: set[str] = set()
    for index, entry in enumerate(file.specs):
        if entry in seen:
            continue
        seen.add(entry)
        named = FilePath(os.path.normpath(folder / entry))
        if named.is_relative_to(top) and files.real(named).is_relative_to(top):
            continue
        finding = Finding(
            code="HPT102",
            message=f"`{entry}` is outside {top}; hptc only reads files inside it",
            path=ProjectPath(("specs", index)),
            help="list folders and files inside the repository",
        )
        yield to_diagnostic(document, finding, finding.path)


def _many_environments(file: ProjectFile, document: Document) -> list[Diagnostic]:
    """An error for a file with too many environments: every spec is checked in each."""
    count = len(file.environments)
    if count <= MAX_ENVIRONMENTS:
        return []
    finding = Finding(
        code="HPT102",
        message=f"`environments` must have at most {MAX_ENVIRONMENTS} entries, but has {count:,}",
        path=ProjectPath(("environments",)),
        help="split the project",
    )
    return [to_diagnostic(document, finding, finding.path)]


def _long_variables(file: ProjectFile, document: Document) -> list[Diagnostic]:
    diagnostics = []
    for name, environment in file.environments.items():
        for variable, value in environment.variables.items():
            if (length := _longest_text(value)) > MAX_VARIABLE:
                path: Path = ("environments", name, "variables", variable)
                message = (
                    f"`{variable}` must have at most {MAX_VARIABLE:,} characters, "
                    f"but has {length:,}"
                )
                diagnostics.append(
                    Diagnostic(
                        code="HPT102",
                        severity=Severity.ERROR,
                        message=message,
                        span=document.span(path),
                    )
                )
    return diagnostics


def _longest_text(value: object) -> int:
    """The length of the longest text in a variable, which templates can repeat."""
    if isinstance(value, dict):
        return max(map(_longest_text, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_longest_text, value), default=0)
    return len(value) if isinstance(value, str) else 0


def _shown(path: FilePath) -> str:
    try:
        return str(path.relative_to(FilePath.cwd()))
    except ValueError:
        return str(path)
