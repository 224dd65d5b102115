"""`hptc check --online`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hptc.account_checks.checks import check_online
from hptc.aws.account import connect
from hptc.cli.console import say
from hptc.compiler.outcome import Outcome
from hptc.rules.codes import ONLINE
from hptc.rules.engine import is_selected, selected


def checked_online(
    outcomes: list[Outcome], select: str | None, ignore: str | None, **_: Any
) -> list[Outcome]:
    """The outcomes, with what the account of their environment adds to the findings."""

    def kept(one: Outcome) -> Outcome:
        diagnostics = tuple(
            each
            for each in one.diagnostics
            if each.code not in ONLINE or is_selected(each.code, select, ignore)
        )
        return replace(one, diagnostics=diagnostics)

    rules = selected(select, ignore)
    return [kept(one) for one in check_online(outcomes, connect, rules=rules, progress=say)]
