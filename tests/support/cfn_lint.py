"""cfn-lint on templates, in this process: most of its time is in reading its rules."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any


def problems(template: str, *, ignored: Collection[str] = ()) -> list[str]:
    """What `cfn-lint` reports about a template, with the rules that it runs by default."""
    from cfnlint.decode import decode_str

    decoded, faults = decode_str(template)
    matches = faults or list(_runner(frozenset(ignored)).validate_template(decoded))
    return [f"{match.rule.id} {match.message} at {match.linenumber}" for match in matches]


@cache
def _runner(ignored: frozenset[str]) -> Any:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn([], regions=["us-east-1"], ignore_checks=sorted(ignored)))
