"""Explains why the CDK CLI failed: CloudFormation's reason, or else the last output of the CLI."""

from __future__ import annotations

import re

from hptc.aws.client import connect
from hptc.aws.sign_in import sign_in
from hptc.errors import AwsError, OperationError
from hptc.project.project_file import Environment
from hptc.stacks.cdk_output import CdkOutput
from hptc.stacks.events import Failure, failure_of
from hptc.stacks.leftovers import leftover


def deployment_error(environment: Environment, output: CdkOutput, code: int) -> OperationError:
    """Why the CLI failed: CloudFormation's reasons, or else the last output of the CLI.

    Of stacks that fail side by side, the CLI reports only one; this reports each of them.
    """
    failures = []
    for stack in output.failures:
        try:
            failure = failure_of(connect(environment).stacks.events(stack))
        except AwsError:
            break  # the CLI's roles may read events that the caller may not
        if failure is not None and (stack in output.active or failure.is_stuck):
            is_old = stack not in output.active
            since = f" is {failure.status} since an earlier deployment" if is_old else ""
            left = [
                f"\n  left: {leftover(resource, environment.region)}" for resource in failure.left
            ]
            failures.append((failure, failure.message(since) + "".join(left)))
    if failures:
        helps = dict.fromkeys(_help_after(failure, environment) for failure, _ in failures)
        return OperationError("\n  ".join(text for _, text in failures), help="; ".join(helps))
    last = output.failure_message() or f"`cdk deploy` exited with code {code}"
    message, help = _cli_error(last, environment)
    stack = output.failed
    return OperationError(f"`{stack}`: {message}" if stack else message, help=help)


def _help_after(failure: Failure, environment: Environment) -> str:
    # There is nothing for the user to fix in a temporary failure of AWS.
    first = "this is temporary: " if failure.is_temporary else "fix this, then "
    again = f"{first}rerun `hptc deploy`"
    match failure.status:
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED":
            return f"{again}; the CDK deletes the failed stack before it creates it again"
        case "UPDATE_ROLLBACK_COMPLETE":
            return f"{again}; the stack was rolled back to its previous state"
        case "UPDATE_ROLLBACK_FAILED":
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
            return (
                f"{'' if failure.is_temporary else 'fix this, '}run `aws cloudformation "
                f"continue-update-rollback --region {environment.region} --stack-name "
                f"{failure.cause.stack}`, then rerun `hptc deploy`"
            )
        case _:
            return again


def _cli_error(text: str, environment: Environment) -> tuple[str, str]:
    """A message and a help for an error of the CLI."""
    for pattern, message, help in _CLI_ERRORS:
        if re.search(pattern, text, re.IGNORECASE):
            values = {
                "sign_in": sign_in(environment.account),
                "region": environment.region,
                "bootstrap": _bootstrap_command(environment),
            }
            return message or text, help.format(**values)
    return text, ""


def _bootstrap_command(environment: Environment) -> str:
    """The command that creates the bootstrap stack of an environment.

    A qualifier needs a stack of its own, or the command would change the one of the default:
    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
    """
    options = ""
    if (qualifier := environment.infrastructure.bootstrap_qualifier) is not None:
        options = f" --qualifier {qualifier} --toolkit-stack-name CDKToolkit-{qualifier}"
    return f"npx cdk bootstrap{options} aws://{environment.account}/{environment.region}"


# Errors of the CLI before CloudFormation starts: a pattern, a clearer message, and what to do.
_CLI_ERRORS = (
    (
        "bootstrapped",
        "",
        "run once per account and Region: {bootstrap}",
    ),
    (
        "security-sensitive updates, but terminal",
        "the changes above broaden permissions, and without a terminal they can't be confirmed",
        "`hptc deploy --yes` deploys them without a confirmation",
    ),
    ("deployment cancelled", "the deployment was canceled", ""),
    (
        "paused fail state",
        "",
        "run `npx cdk rollback`, or `hptc deploy` in a terminal without --yes",
    ),
    (
        "no credentials|expired|security token|sso session",
        "",
        "{sign_in}",
    ),
)
