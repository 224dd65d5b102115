"""Acknowledgements of cdk-nag's findings, each next to the construct that causes it.

An acknowledgement names a finding of the AwsSolutions pack, which the tests run; it does not change
a template. https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import aws_cdk as cdk
from constructs import IConstruct

from hptc.infrastructure.statements import Statement
from hptc.project.references import substitute


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Acknowledge findings about a construct, by rule, each with a reason."""
    if findings:
        cdk.Validations.of(construct).acknowledge(
            *(
                cdk.Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason)
                for rule, reason in findings.items()
            )
        )


def acknowledge_wildcards(
    construct: IConstruct, statements: Iterable[Statement], reference_text: Callable[[str], str]
) -> None:
    """Acknowledge each wildcard of a policy with the reason of its statement.

    `reference_text` returns the value of a reference as cdk-nag writes it.
    """
    acknowledge(
        construct,
        {
            f"IAM5[Resource::{substitute(resource, reference_text)}]": statement.reason
            for statement in statements
            for resource in statement.resources
            if "*" in resource
        },
    )
