"""Changes to an environment in hptc.yaml: account, Region, infrastructure and policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Path, path_text
from hptc.diff.changes import Change, Kind
from hptc.diff.value_text import duration_text, value_text
from hptc.project.project_file import Environment

_LOWER_IS_TIGHTER = (
    "budget_usd",
    "max_number_of_training_jobs",
    "max_parallel_training_jobs",
    "max_runtime",
    "spot_required_above",
)
_FEWER_IS_TIGHTER = ("instance_types", "regions", "image_registries")
_MORE_IS_TIGHTER = ("forbidden_hyperparameters", "required_tags")


def environment_changes(old: Environment | None, new: Environment | None) -> Iterator[Change]:
    """Changes to an environment that both versions have, except those that its specs show."""
    if old is None or new is None:
        return
    at: Path = ("environments", new.name)
    for key, was, becomes in (
        ("account", old.account, new.account),
        ("region", old.region, new.region),
    ):
        if was != becomes:
            yield Change(kind=Kind.ACCOUNT, path=(*at, key), subject=key, old=was, new=becomes)
    before, after = (
        (side.infrastructure.model_dump(mode="json"), dict(side.parameters)) for side in (old, new)
    )
    for path, was, becomes in (
        *_leaves(before[0], after[0], ()),
        *_leaves(before[1], after[1], ()),
    ):
        yield Change(
            kind=Kind.INFRASTRUCTURE,
            path=(*at, "infrastructure", *path),
            subject=path_text(("infrastructure", *path)),
            old=_part_text(was),
            new=_part_text(becomes),
        )
    yield from _policy_changes(old, new, (*at, "policy"))


def _part_text(value: Any) -> str:
    """A part of the infrastructure; of a mapping, the keys that are set."""
    if isinstance(value, dict):
        found = {key: inner for key, inner in value.items() if inner not in (None, [], {})}
        return ", ".join(f"{key} {value_text(inner)}" for key, inner in found.items()) or "managed"
    return value_text(value) or "absent"


def _policy_changes(old: Environment, new: Environment, at: Path) -> Iterator[Change]:
    before, after = old.policy.model_dump(mode="json"), new.policy.model_dump(mode="json")
    for key in dict.fromkeys([*before, *after]):
        was, becomes = before.get(key), after.get(key)
        if (was or None) == (becomes or None):
            continue  # both allow everything
        tight = _is_as_tight(key, was, becomes)
        show = duration_text if key == "max_runtime" else _policy_text
        yield Change(
            kind=Kind.POLICY_TIGHTENED if tight else Kind.POLICY_LOOSENED,
            path=(*at, key),
            subject=f"policy.{key}",
            old=show(was) or "no limit",
            new=show(becomes) or "no limit",
        )


def _policy_text(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else value_text(value)


def _is_as_tight(key: str, old: Any, new: Any) -> bool:
    """Whether the new limit allows nothing that the old one did not; False if unsure."""
    if new is None or new is False:
        return False
    if old is None or old is False:
        return True
    if key in _LOWER_IS_TIGHTER:
        return bool(new <= old)
    if key in _FEWER_IS_TIGHTER:
        return set(new) <= set(old)
    if key in _MORE_IS_TIGHTER and isinstance(new, dict):
        return all(new.get(name) == value for name, value in old.items())
    return key in _MORE_IS_TIGHTER and set(old) <= set(new)


def _leaves(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _leaves(old.get(key), new.get(key), (*path, key))
    elif old != new:
        yield path, old, new
