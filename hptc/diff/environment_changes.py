"""Changes to an environment in hptc.yaml: its account, Region and policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.changes import Change, Kind
from hptc.diff.infrastructure_changes import infrastructure_changes
from hptc.diff.value_text import duration_text, value_text
from hptc.project.policy import Policy
from hptc.project.project_file import Environment

_LOWER_IS_TIGHTER = (
    "budget_usd",
    "budget_usd_per_month",
    "max_number_of_training_jobs",
    "max_parallel_training_jobs",
    "max_runtime",
    "spot_required_above",
)
_FROM_GIT = "git's remote"
_NO_DEFAULT = "not set"
_FEWER_IS_TIGHTER = (
    "execution_roles",
    "image_registries",
    "input_locations",
    "instance_types",
    "output_locations",
    "regions",
)
_MORE_IS_TIGHTER = ("forbidden_hyperparameters", "required_tags")


def environment_changes(
    old: Environment | None, new: Environment | None, policy: Policy | None = None
) -> Iterator[Change]:
    """Changes to one environment, except those that its specs show.

    `policy` is the old policy of the folder, which a new environment may loosen.
    """
    if old is None or new is None:
        yield from _added_or_removed(old, new)
        if new is not None and policy is not None:
            yield from _loosened(policy, new)
        return
    at: Path = ("environments", new.name)
    for path, key, was, becomes in (
        (("project",), "project", old.project, new.project),
        ((*at, "account"), "account", old.account, new.account),
        ((*at, "region"), "region", old.region, new.region),
    ):
        if was != becomes:
            yield Change(
                kind=Kind.FOUNDATION_REPLACED,
                path=path,
                subject=key,
                old=was,
                new=becomes,
                note=_replacement_note(old, new),
            )
    if old.default != new.default:
        yield Change(
            kind=Kind.DEFAULT_ENVIRONMENT,
            path=("default_environment",),
            subject="default_environment",
            old=old.default or _NO_DEFAULT,
            new=new.default or _NO_DEFAULT,
            note="commands without --env, such as `hptc deploy` and `hptc submit`, act on it",
        )
    if old.named_repository != new.named_repository:
        yield Change(
            kind=Kind.REPOSITORY,
            path=("repository",),
            subject="repository",
            old=old.named_repository or _FROM_GIT,
            new=new.named_repository or _FROM_GIT,
            note="`hptc deploy` changes the stacks of this repository and refuses others",
        )
    if old.named_repository is new.named_repository is None and old.root != new.root:
        yield Change(
            kind=Kind.PROJECT_MOVED,
            path=("repository",),
            subject="repository",
            old=_FROM_GIT,
            new=f"{_FROM_GIT}, in another folder",
            note="`hptc deploy` refuses stacks that another folder deployed; set `repository` to "
            "their tag hptc:repository to keep them",
        )
    yield from infrastructure_changes(old, new, (*at, "infrastructure"))
    yield from policy_changes(old.policy, new.policy, (*at, "policy"))


def _loosened(policy: Policy, new: Environment) -> Iterator[Change]:
    at: Path = ("environments", new.name, "policy")
    for change in policy_changes(policy, new.policy, at):
        if change.kind is Kind.POLICY_LOOSENED:
            yield change


def _added_or_removed(old: Environment | None, new: Environment | None) -> Iterator[Change]:
    if new is not None:
        yield Change(
            kind=Kind.ENVIRONMENT_ADDED,
            path=("environments", new.name),
            subject=new.name,
            new=_place(new),
            note=f"creates the stack {new.foundation_stack}",
        )
    elif old is not None:
        yield Change(
            kind=Kind.ENVIRONMENT_REMOVED,
            path=("environments", old.name),
            subject=old.name,
            old=_place(old),
            note=f"{old.foundation_stack} and its specs' stacks stay in AWS; to remove them, run "
            f"`npx cdk destroy --all -c env={old.name}` before the merge",
        )


def _place(environment: Environment) -> str:
    return f"account {environment.account} in {environment.region}"


def _replacement_note(old: Environment, new: Environment) -> str:
    """What a new project name, account or Region means for what is deployed."""
    same_name = old.foundation_stack == new.foundation_stack
    was = f"{old.foundation_stack} in {_place(old)}" if same_name else old.foundation_stack
    return (
        f"deploys {new.foundation_stack} with new, empty buckets and a new key; {was} stays with "
        "its data until you destroy it"
    )


def policy_changes(old: Policy, new: Policy, at: Path) -> Iterator[Change]:
    """The limits of a policy that changed, each with whether it allows more."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    for key in dict.fromkeys([*before, *after]):
        was, becomes = before.get(key), after.get(key)
        if (was or None) == (becomes or None):
            continue  # both allow everything
        is_tight = _is_as_tight(key, was, becomes)
        show = duration_text if key == "max_runtime" else _policy_text
        yield Change(
            kind=Kind.POLICY_TIGHTENED if is_tight else Kind.POLICY_LOOSENED,
            path=(*at, key),
            subject=f"policy.{key}",
            old=show(was) or "no limit",
            new=show(becomes) or "no limit",
        )


def _policy_text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else value_text(value)


def _is_as_tight(key: str, old: Any, new: Any) -> bool:
    """Whether the new limit allows nothing that the old one did not; False if unsure."""
    if new is None or new is False:
        return False
    if old is None or old is False:
        return True
    if key == "schedules":
        rarely = (new["at_most_every"] or 0) >= (old["at_most_every"] or 0)
        return not new["allowed"] or (bool(old["allowed"]) and rarely)
    if key in _LOWER_IS_TIGHTER:
        return bool(new <= old)
    if key in _FEWER_IS_TIGHTER:
        return set(new) <= set(old)
    if key in _MORE_IS_TIGHTER and isinstance(new, dict):
        return all(new.get(name) == value for name, value in old.items())
    return key in _MORE_IS_TIGHTER and set(old) <= set(new)
