"""Finds the stacks that a deployment would not change, so that it need not deploy them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.infrastructure.stack_digest import DIGEST
from hptc.infrastructure.stack_outputs import output_key
from hptc.infrastructure.stack_owner import stack_tags
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack

_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""A stack that was rolled back has its earlier content, but its digest may say something else:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""


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
