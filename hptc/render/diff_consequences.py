"""The consequences of a change to a spec for the reviewer, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import zip_longest

from hptc.compiler.outcome import Compiled, Outcome
from hptc.cost.bound import CostBound
from hptc.diff.pairing import LostSpec
from hptc.diff.review import Comparison, CostChange, LastRun, Parent, SpecDiff
from hptc.diff.schedule_changes import schedule_text
from hptc.render.cost import dollars, hours_text, price_sources
from hptc.render.diff_titles import listed_environments
from hptc.text import listed

_MAX_BEST_VALUES = 6  # of a best configuration


def consequences(spec: SpecDiff, name: Callable[[str], str]) -> Iterator[str]:
    """The consequences for the reviewer; `name` formats names.

    With several environments, each line names its own.
    """
    if len(spec.comparisons) < 2:
        for comparison in spec.comparisons:
            yield from _consequences(comparison, name)
        return
    lines: dict[str, list[str]] = {}
    environments = [comparison.environment or "" for comparison in spec.comparisons]
    texts = [_consequences(comparison, name) for comparison in spec.comparisons]
    for together in zip_longest(*texts):  # keeps lines about the same subject together
        for environment, line in zip(environments, together, strict=True):
            if line is not None:
                lines.setdefault(line, []).append(environment)
    for line, names in lines.items():
        is_in_all = len(names) == len(spec.comparisons)
        yield line if is_in_all else f"{listed_environments(names)}: {line}"


def _consequences(comparison: Comparison, name: Callable[[str], str]) -> Iterator[str]:
    if comparison.is_new_job:
        was = f", was {name(comparison.old_job)}" if comparison.old_job else ""
        yield f"new tuning job {name(comparison.new_job or '')}{was}"
    elif comparison.new_job is not None:
        yield f"same tuning job, {name(comparison.new_job)}"
    elif comparison.new is None and comparison.old_job is not None:
        yield f"no tuning job; {name(comparison.old_job)} stays in AWS unchanged"
    if (stack := _remaining_schedule(comparison)) is not None:
        yield (
            f"its schedule starts tuning jobs until its stack is deleted: after the merge, run "
            f"{name(f'hptc destroy {stack} --env {comparison.environment}')}"
        )
    if comparison.old_job and comparison.new_job and comparison.old_count != comparison.new_count:
        yield f"training jobs: {_count(comparison.old_count)} → {_count(comparison.new_count)}"
    if comparison.last_run is not None:
        yield from _last_run_texts(comparison.last_run, name)
    for parent in comparison.parents:
        yield _parent_text(parent, comparison.new, name)
    if comparison.cost is not None:
        yield _cost_text(comparison.cost, name)
    if isinstance(comparison.new, Compiled) and comparison.new.schedule is not None:
        when = name(schedule_text(comparison.new.schedule))
        yield f"scheduled, {when}: each run is a separate tuning job at that cost"


def _remaining_schedule(comparison: Comparison) -> str | None:
    """The schedule stack that the new version no longer needs. hptc never deletes it on its own."""
    old, new = comparison.old, comparison.new
    if not isinstance(old, Compiled) or old.schedule is None or old.environment is None:
        return None
    is_unknown = new is not None and not isinstance(new, Compiled)
    is_kept = isinstance(new, Compiled) and new.schedule is not None and new.name == old.name
    return None if is_unknown or is_kept else old.environment.schedule_stack(old.name)


def _last_run_texts(run: LastRun, name: Callable[[str], str]) -> Iterator[str]:
    """The best result of the last tuning job, and whether the new version can reach it."""
    values = dict(run.hyperparameters)
    shown = [f"{name(key)} {name(value)}" for key, value in values.items()][:_MAX_BEST_VALUES]
    if left := len(values) - len(shown):
        shown.append(f"{left} more")
    configuration = f" with {listed(shown)}" if shown else ""
    ended = f"{run.ended.astimezone(UTC):%Y-%m-%d}"
    yield (
        f"last tuning job {name(run.job)}, {run.status} {ended}: best {name(run.metric)} "
        f"{run.value:.6g}{configuration}"
    )
    if run.outside:
        outside = [f"{name(key)} {name(values[key])}" for key in run.outside[:_MAX_BEST_VALUES]]
        yield f"its best configuration is not in the new search space: {listed(outside)}"


def _count(number: int | None) -> str:
    return "no limit" if number is None else f"{number:,}"


def _parent_text(parent: Parent, new: Outcome | None, name: Callable[[str], str]) -> str:
    if parent.is_latest:
        is_scheduled = isinstance(new, Compiled) and new.schedule is not None
        when = "at each start" if is_scheduled else "when it is submitted"
        text = (
            f"warm-starts from the newest completed tuning job of {name(parent.spec or '')} {when}"
        )
        if parent.conflict:
            return f"{text}; AWS rejects a run of the old version: {name(parent.conflict)}"
        is_own = new is not None and parent.spec == new.name
        return f"{text}; without one until its first run" if is_own else text
    text = f"warm-starts from {name(parent.job)}"
    if parent.spec is None:
        return f"{text}, {_lost_text(parent.lost, name)}"
    text = f"{text} of {name(parent.spec)}"
    if parent.is_new:
        return f"{text}, which is also new: submit it first and wait until it completes"
    return f"{text}, unchanged"


def _lost_text(lost: LostSpec | None, name: Callable[[str], str]) -> str:
    """Why a parent is taken for a tuning job in AWS."""
    if lost is None:
        return "which is not a spec in this project"
    if lost.unreadable:
        return f"whose spec may be {name(lost.unreadable)}, which can't be read"
    then = "so the tuning job must already be in AWS"
    if lost.name:
        return f"which this change renames to {name(lost.name)}, {then}"
    return f"which this change removes from the project, {then}"


def _cost_text(cost: CostChange, name: Callable[[str], str]) -> str:
    bounds = [bound for bound in (cost.old, cost.new) if bound is not None]
    texts = [name(bound_text(bound)) for bound in bounds]
    dated = [price for bound in bounds if _is_known(bound) for price in bound.prices]
    prices = f" ({name(price_sources(dated))})" if dated else ""
    if cost.new is None:
        return f"cost before: {texts[0]}{prices}"
    if len(texts) == 2 and texts[0] == texts[1]:
        return f"cost: {texts[0]}, unchanged{prices}"
    return f"cost: {' → '.join(texts)}{prices}"


def bound_text(bound: CostBound) -> str:
    """The maximum cost, or what is unknown about it."""
    maximum = bound.maximum
    if maximum is None:
        return "unlimited"
    if maximum.usd is None:
        return f"at most {hours_text(maximum.instance_hours)} at an unknown price"
    spot = f", {dollars(maximum.usd_low)} at spot" if maximum.usd_low != maximum.usd else ""
    return f"at most {dollars(maximum.usd)}{spot}"


def _is_known(bound: CostBound) -> bool:
    return bound.maximum is not None and bound.maximum.usd is not None
