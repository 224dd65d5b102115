"""Compares the stacks of a cloud assembly with the deployed ones, before anything is deployed.

It refuses stacks of another project and stacks that another deployment is changing, finds what a
deployment would remove or replace, and the stacks that it would not change.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hptc.aws.aws_errors import MissingCredentialsError, is_access_denied
from hptc.errors import AwsError
from hptc.frozen import frozen
from hptc.infrastructure.stack_digest import DIGEST
from hptc.infrastructure.stack_outputs import output_key
from hptc.infrastructure.stack_owner import stack_tags
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack, StackOperations
from hptc.service.losses import Loss, unnamed_losses
from hptc.service.stacks import check_owners, check_unchanging, existing_stacks

_TEMPLATE = ".template.json"
_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""A stack that was rolled back has its earlier content, but its digest may say something else:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""


@frozen
class CloudAssembly:
    """The folder that synthesis has written, with a template for each stack.

    https://docs.aws.amazon.com/cdk/v2/guide/deploy.html
    """

    folder: Path

    def stacks(self) -> frozenset[str]:
        """The names of the stacks."""
        templates = self.folder.glob(f"*{_TEMPLATE}")
        return frozenset(path.name.removesuffix(_TEMPLATE) for path in templates)

    def template(self, stack: str) -> Mapping[str, Any]:
        """The template of a stack."""
        template: dict[str, Any] = json.loads(
            (self.folder / f"{stack}{_TEMPLATE}").read_text("utf-8")
        )
        return template


@frozen
class StackComparison:
    """What a deployment would change, as far as the caller may read the deployed stacks."""

    unchanged: Mapping[str, DeployedStack]  # by name
    losses: tuple[Loss, ...]  # that the user did not name
    reading_error: str = ""  # why stacks can't be read; then none counts as unchanged


def compare_stacks(
    environment: Environment,
    names: Collection[str],
    assembly: CloudAssembly,
    stacks: StackOperations,
    *,
    adopted: Collection[str],
    destroyed: Collection[str],
) -> StackComparison:
    """Compare the deployed stacks of these names with those of an assembly.

    `adopted` are the stacks of another project to take over, and `destroyed` the resources that may
    be lost. Raises OperationError for any other stack of another project, and for one that another
    deployment is changing.
    """
    unchanged: dict[str, DeployedStack] = {}
    losses: list[Loss] = []
    try:
        deployed = existing_stacks(names, stacks)
        check_owners(environment, deployed.values(), adopted)
        check_unchanging(deployed.values())
        for name, stack in deployed.items():
            template = assembly.template(name)
            before = None
            if name == environment.foundation_stack or name in adopted:
                before = stacks.template(stack.arn)
                losses += unnamed_losses(stack, before, template, destroyed, allow_destroy)
            if is_unchanged(environment, stack, template, before):
                unchanged[name] = stack
    except AwsError as error:
        # The CDK deploys with its own roles, so the caller may not be allowed to read stacks; it
        # reports missing credentials itself.
        if not (is_access_denied(error) or isinstance(error, MissingCredentialsError)):
            raise
        return StackComparison(unchanged={}, losses=tuple(losses), reading_error=error.message)
    return StackComparison(unchanged=unchanged, losses=tuple(losses))


def allow_destroy(names: Sequence[str]) -> str:
    """The options of `hptc deploy` that allow it to lose the resources of these names."""
    return " ".join(f"--allow-destroy {name}" for name in names)


def is_unchanged(
    environment: Environment,
    stack: DeployedStack,
    template: Mapping[str, Any],
    deployed_template: Mapping[str, Any] | None = None,
) -> bool:
    """Whether deploying a template would leave a stack as it is.

    Compares the digests of what both were built from, the outputs, the tags, and the templates if
    the deployed one is given. A stack that reads SSM parameters always counts as changed, because
    only a deployment reads their values again.
    """
    outputs = template.get("Outputs", {})
    digest = outputs.get(output_key(DIGEST), {}).get("Value")
    return (
        stack.status in _DEPLOYED
        and digest is not None
        and stack.outputs.get(output_key(DIGEST)) == digest
        and outputs.keys() == stack.outputs.keys()
        and not template.get("Parameters")
        and stack_tags(environment).items() <= stack.tags.items()
        and deployed_template in (None, template)
    )
