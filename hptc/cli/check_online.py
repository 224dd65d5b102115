"""`hptc check --online`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hptc.account_checks.checks import check_online
from hptc.aws.account import connect
from hptc.cli.console import file_progress, print_status
from hptc.compiler.outcome import Outcome
from hptc.errors import AwsError
from hptc.rules.codes import ONLINE
from hptc.rules.engine import is_selected, selected


def add_online_findings(
    outcomes: list[Outcome], select: str | None, ignore: str | None, **_: Any
) -> tuple[list[Outcome], AwsError | None]:
    """The outcomes with the findings that need the environment's account.

    Also the error if the account can't be read at all, such as without credentials.
    """
    errors: list[AwsError] = []
    with file_progress("checked online") as progress:
        checked = check_online(
            outcomes,
            connect,
            rules=selected(select, ignore),
            progress=print_status,
            unreachable=errors.append,
            file_progress=progress,
        )
    error = _not_checked(errors[0]) if errors else None
    return [_with_selected(outcome, select, ignore) for outcome in checked], error


def _with_selected(outcome: Outcome, select: str | None, ignore: str | None) -> Outcome:
    """An outcome without the online findings that the user has not selected."""
    diagnostics = tuple(
        diagnostic
        for diagnostic in outcome.diagnostics
        if diagnostic.code not in ONLINE or is_selected(diagnostic.code, select, ignore)
    )
    return replace(outcome, diagnostics=diagnostics)


def _not_checked(error: AwsError) -> AwsError:
    message = f"not checked online: {error.message}"
    return AwsError(message, code=error.code, help=error.help)
