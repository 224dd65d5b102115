"""What a reviewer's tool finds in the stacks, answered where it is caused.

An acknowledgement names a finding of cdk-nag's AwsSolutions pack, which the tests run; it changes
no template. https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import aws_cdk as cdk
from constructs import IConstruct

from hptc.infrastructure.statements import Statement
from hptc.project.references import substitute


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Answer findings about a construct, each with its reason."""
    if findings:
        cdk.Validations.of(construct).acknowledge(
            *(
                cdk.Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason)
                for rule, reason in findings.items()
            )
        )


def acknowledge_wildcards(
    construct: IConstruct, statements: Iterable[Statement], shown: Callable[[str], str]
) -> None:
    """Answer each wildcard of a policy with the reason that its statement has for it.

    `shown` is how the tool writes what a reference stands for.
    """
    acknowledge(
        construct,
        {
            f"IAM5[Resource::{substitute(resource, shown)}]": statement.reason
            for statement in statements
            for resource in statement.resources
            if "*" in resource
        },
    )
