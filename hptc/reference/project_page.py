"""docs/hptc-yaml.md: every key of hptc.yaml, generated from the models that read it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hptc.project.infrastructure_choices import Infrastructure, Network
from hptc.project.policy import Policy, Schedules
from hptc.project.project_file import EnvironmentFile, ProjectFile

_INTRODUCTION = """\
# hptc.yaml

What the specs of a project share, and the environments that they are deployed to. The file is
optional: a spec with explicit ARNs and URIs compiles without it. This page is generated from the
models that read the file; `hptc schema --project` prints a JSON Schema for editors.

```yaml
project: churn
default_environment: dev
defaults:                                   # a partial spec, merged under every spec
  limits: {max_runtime: 1d}
  tags: {team: growth}
policy:                                     # limits in every environment
  budget_usd: 250
  instance_types: ["ml.m5.*", "ml.c5.*"]
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    variables: {trials: 8}                  # used in specs as {{ trials }}
    infrastructure: {network: absent, removal: destroy}
  prod:
    account: "444455556666"
    region: eu-west-1
    variables: {trials: 50}
    infrastructure: {network: managed}
    policy: {require_kms_keys: true}        # limits for this environment, merged over those above
    overrides: {early_stopping: Auto}       # a partial spec, merged over every spec
```

How `defaults`, a spec and `overrides` are merged, and what templates can use, is in
[the spec language](specs.md#the-project-its-environments-and-variables). What the infrastructure
keys create is in [What hptc creates in AWS](infrastructure.md).
"""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("The project", "", ProjectFile),
    ("Environments", "environments.<name>", EnvironmentFile),
    ("Infrastructure", "environments.<name>.infrastructure", Infrastructure),
    ("Network", "environments.<name>.infrastructure.network", Network),
    ("Policy", "policy", Policy),
    ("Schedules in a policy", "policy.schedules", Schedules),
)


def project_page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(_section(*section) for section in _SECTIONS)])


def _section(title: str, path: str, model: type[BaseModel]) -> str:
    place = f"Keys of `{path}`.\n\n" if path else ""
    head = "| Key | Meaning | Default | Example |\n| --- | --- | --- | --- |\n"
    return f"## {title}\n\n{place}{head}{''.join(_rows(model))}"


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        examples = " or ".join(f"`{_inline(example)}`" for example in field.examples or ())
        description = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | {description} | {_default(field)} | {examples} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default in ({}, [], ()) or isinstance(default, BaseModel):
        return ""
    return f"`{_inline(default)}`"


def _inline(value: object) -> str:
    """A value as it can be written in YAML, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
