"""`hptc check --online`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hptc.account_checks.checks import check_online
from hptc.aws.account import connect
from hptc.cli.console import print_status
from hptc.compiler.outcome import Outcome
from hptc.rules.codes import ONLINE
from hptc.rules.engine import is_selected, selected


def add_online_findings(
    outcomes: list[Outcome], select: str | None, ignore: str | None, **_: Any
) -> list[Outcome]:
    """The outcomes with the findings that need the environment's account."""

    def kept(outcome: Outcome) -> Outcome:
        diagnostics = tuple(
            each
            for each in outcome.diagnostics
            if each.code not in ONLINE or is_selected(each.code, select, ignore)
        )
        return replace(outcome, diagnostics=diagnostics)

    rules = selected(select, ignore)
    return [
        kept(one) for one in check_online(outcomes, connect, rules=rules, progress=print_status)
    ]
