"""Two compiled searches in, the changes of meaning between them out. Pure.

The forms are walked together. Where they differ, the first topic whose pattern fits says what that
means; a difference that no topic explains is reported with its path. So the result is empty exactly
when the canonical forms are equal, and nothing changes silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hptc.compiler import Compiled
from hptc.diagnostics import Path, path_text
from hptc.diff.changes import Change, Kind, worst_first
from hptc.diff.form import Form, form
from hptc.diff.hyperparameters import hyperparameter_changes
from hptc.diff.security import key_change, network_changes, permission_changes, switch_change
from hptc.diff.texts import (
    duration_text,
    gigabytes_text,
    input_text,
    training_job_text,
    value_text,
)
from hptc.images import parse_image
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.policy import Statement
from hptc.instances import instance
from hptc.names import spec_path

_RESOURCES = ("resources", "tuning_resources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A difference: where it stands, both values, and the definitions that it is in, if any."""

    path: Path
    old: Any
    new: Any
    before: Form
    after: Form

    @property
    def inside(self) -> Path:
        """The path inside its definition."""
        if self.path[:1] == ("training_job",):
            return self.path[1:]
        return self.path[2:] if self.path[:1] == ("training_jobs",) else self.path


Topic = Callable[[Place], Iterable[Change]]


def compare(old: Compiled, new: Compiled) -> tuple[Change, ...]:
    """Every change from one compiled spec to another, the worst first.

    Both must have compiled. The names that hptc makes are no change of their own; a pinned one is.
    """
    if old.request is None or new.request is None or old.job is None or new.job is None:
        raise ValueError("only what compiled can be compared")
    changes = [*_name_changes(old, new)]
    if old.digest != new.digest:
        changes += form_changes(form(old.request), form(new.request))
    return worst_first([*changes, *_role_changes(old, new, [change.path for change in changes])])


def form_changes(old: Form, new: Form) -> list[Change]:
    """Every change from one form to another."""
    before, after = _definitions(old), _definitions(new)
    rest = [{k: v for k, v in side.items() if k not in _DEFINITIONS} for side in (old, new)]
    changes = list(_walk(_place((), rest[0], rest[1]), JOB_TOPICS))
    pairs, gone, come = _paired(before, after)
    for was, becomes in pairs:
        if was != becomes:
            said = [name or "training_job" for name in (was, becomes)]
            changes.append(_whole(Kind.DEFINITION_RENAMED, becomes, *said))
        changes += _definition_changes(before[was], after[becomes], _definition_path(becomes))
    for name in gone:
        changes.append(_whole(Kind.DEFINITION_REMOVED, name, training_job_text(before[name]), ""))
    for name in come:
        changes.append(_whole(Kind.DEFINITION_ADDED, name, "", training_job_text(after[name])))
    return changes


_DEFINITIONS = ("training_job", "training_jobs")


def _definitions(side: Form) -> dict[str, Any]:
    """The definitions by name; a single one has none."""
    single = {"": side["training_job"]} if "training_job" in side else {}
    several = side.get("training_jobs", {})
    return {**single, **several}


def _definition_path(name: str) -> Path:
    return ("training_jobs", name) if name else ("training_job",)


def _whole(kind: Kind, name: str, old: str, new: str) -> Change:
    return Change(
        kind=kind,
        path=_definition_path(name),
        subject=name or "training_job",
        old=old,
        new=new,
    )


def _paired(
    before: dict[str, Any], after: dict[str, Any]
) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Definitions of the same name; then of the same content; then the one left on each side."""
    pairs = [(name, name) for name in before if name in after]
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    for was in tuple(gone):
        same = next((name for name in come if after[name] == before[was]), None)
        if same is not None:
            pairs.append((was, same))
            gone.remove(was)
            come.remove(same)
    if len(before) == len(after) == len(gone) == 1:
        pairs.append((gone.pop(), come.pop()))
    return pairs, gone, come


def _definition_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        forms = [[key for key in _RESOURCES if key in side] for side in (old, new)]
        if forms[0] != forms[1] and len(forms[0]) == len(forms[1]) == 1:
            was, becomes = forms[0][0], forms[1][0]
            at = (*path, becomes)
            yield Change(kind=Kind.INSTANCES, path=at, subject="form", old=was, new=becomes)
            old = {becomes if key == was else key: value for key, value in old.items()}
        place = Place(path=path, old=old, new=new, before=old, after=new)
    else:
        place = _place(path, old, new)
    yield from _walk(place, DEFINITION_TOPICS)


def _place(path: Path, old: Any, new: Any) -> Place:
    return Place(path=path, old=old, new=new, before={}, after={})


def _walk(place: Place, topics: Topics) -> Iterator[Change]:
    if _is_same(place.old, place.new):
        return
    topic = next((topic for pattern, topic in topics if _fits(pattern, place.inside)), None)
    if topic is not None:
        found = list(topic(place))
        yield from found or [_other(place)]
    elif _is_inner(place.old) and _is_inner(place.new):
        for inner in _inner(place):
            yield from _walk(inner, topics)
    else:
        yield _other(place)


def _is_same(old: Any, new: Any) -> bool:
    """Equality as the digest has it: 1, 1.0 and true are three values."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _is_inner(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _inner(place: Place) -> Iterator[Place]:
    """The places one level deeper, the new side's first."""
    old, new = place.old or {}, place.new or {}
    for key in dict.fromkeys([*new, *old]):
        yield Place(
            path=(*place.path, key),
            old=old.get(key),
            new=new.get(key),
            before=place.before,
            after=place.after,
        )


def _fits(pattern: tuple[str, ...], path: Path) -> bool:
    return len(pattern) == len(path) and all(
        part in ("*", key) for part, key in zip(pattern, path, strict=True)
    )


def _other(place: Place) -> Change:
    return Change(
        kind=Kind.OTHER,
        path=place.path,
        subject=path_text(place.inside),
        old=value_text(place.old),
        new=value_text(place.new),
    )


def _plain(kind: Kind, absent: str = "", show: Callable[[Any], str] = value_text) -> Topic:
    """A value that is one thing; `absent` is what AWS does where it is not said."""

    def topic(place: Place) -> Iterator[Change]:
        for leaf in _leaves(place):
            yield Change(
                kind=kind,
                path=leaf.path,
                subject=path_text(leaf.inside),
                old=show(leaf.old) or absent,
                new=show(leaf.new) or absent,
            )

    return topic


def _leaves(place: Place) -> Iterator[Place]:
    """Every place at or below this one that differs."""
    if _is_same(place.old, place.new):
        return
    if (place.old or place.new) and _is_inner(place.old) and _is_inner(place.new):
        for inner in _inner(place):
            yield from _leaves(inner)
    else:
        yield place


def _hyperparameter(place: Place) -> Iterable[Change]:
    return hyperparameter_changes(place.old, place.new, place.path)


def _input(place: Place) -> Iterator[Change]:
    name = str(place.path[-1])
    if place.old is None or place.new is None:
        yield Change(
            kind=Kind.INPUT_ADDED if place.old is None else Kind.INPUT_REMOVED,
            path=place.path,
            subject=name,
            old="" if place.old is None else input_text(place.old),
            new="" if place.new is None else input_text(place.new),
        )
        return
    yield from _plain(Kind.INPUT)(place)


def _image(place: Place) -> Iterator[Change]:
    """An image of the same repository with another tag or digest is another version."""
    was, becomes = (parse_image(value_text(uri)) for uri in (place.old, place.new))
    is_same = (
        was is not None
        and becomes is not None
        and (was.account, was.repository) == (becomes.account, becomes.repository)
        and (was.tag, was.digest) != (becomes.tag, becomes.digest)
        and was.region == becomes.region
    )
    yield from _plain(Kind.ALGORITHM_VERSION if is_same else Kind.ALGORITHM)(place)


def _output_key(place: Place) -> Iterator[Change]:
    yield key_change(place.old, place.new, place.path, "key of the artifacts")


def _volume_key(place: Place) -> Iterator[Change]:
    change = key_change(place.old, place.new, place.path, "key of the volumes")
    if place.new is None and _has_local_storage(place.after):
        # SageMaker refuses a key for instances with local storage, which encrypt their own disks.
        yield Change(
            kind=Kind.ENCRYPTION_KEY,
            path=change.path,
            subject=change.subject,
            old=change.old,
            new="the instances' own disks",
        )
    else:
        yield change


def _has_local_storage(definition: Form) -> bool:
    types = [kind for member in _RESOURCES for kind in _instance_types(definition.get(member, {}))]
    known = [instance(kind) for kind in types]
    return bool(known) and all(each is not None and each.has_local_storage for each in known)


def _instance_types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "instance_type" and isinstance(inner, str):
                yield inner
            else:
                yield from _instance_types(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _instance_types(inner)


def _isolation(place: Place) -> Iterator[Change]:
    kinds = Kind.ISOLATION_TIGHTENED, Kind.ISOLATION_LOOSENED
    yield switch_change(place.old, place.new, place.path, "network isolation", *kinds)


def _traffic(place: Place) -> Iterator[Change]:
    kinds = Kind.ENCRYPTION_TIGHTENED, Kind.ENCRYPTION_LOOSENED
    yield switch_change(place.old, place.new, place.path, "traffic between instances", *kinds)


def _network(place: Place) -> Iterable[Change]:
    return network_changes(place.old, place.new, place.path)


Topics = tuple[tuple[tuple[str, ...], Topic], ...]

JOB_TOPICS: Topics = (
    (("strategy",), _plain(Kind.STRATEGY)),
    (("hyperband",), _plain(Kind.STRATEGY)),
    (("limits", "max_runtime"), _plain(Kind.LIMITS, "no limit", duration_text)),
    (("limits", "*"), _plain(Kind.LIMITS, "not said")),
    (("early_stopping",), _plain(Kind.EARLY_STOPPING, "Off")),
    (("completion",), _plain(Kind.COMPLETION)),
    (("random_seed",), _plain(Kind.SEED)),
    (("autotune",), _plain(Kind.AUTOTUNE, "Off")),
    (("warm_start",), _plain(Kind.WARM_START)),
    (("tags", "*"), _plain(Kind.TAG)),
)
"""What a difference outside of the definitions means; the first pattern that fits decides."""

DEFINITION_TOPICS: Topics = (
    (("objective",), _plain(Kind.OBJECTIVE)),
    (("hyperparameters", "*"), _hyperparameter),
    (("algorithm", "training_image"), _image),
    (("algorithm", "algorithm_name"), _plain(Kind.ALGORITHM)),
    (("algorithm", "input_mode"), _plain(Kind.INPUT)),
    (("algorithm", "metric_definitions", "*"), _plain(Kind.METRICS)),
    (("role_arn",), _plain(Kind.ROLE)),
    (("inputs", "*"), _input),
    (("vpc",), _network),
    (("output", "kms_key_id"), _output_key),
    (("output", "*"), _plain(Kind.OUTPUT)),
    (("resources", "volume_kms_key_id"), _volume_key),
    (("tuning_resources", "volume_kms_key_id"), _volume_key),
    (("resources", "volume_size_in_gb"), _plain(Kind.VOLUME, "", gigabytes_text)),
    (("tuning_resources", "volume_size_in_gb"), _plain(Kind.VOLUME, "", gigabytes_text)),
    (("resources", "instance_count"), _plain(Kind.INSTANCES, "1")),
    (("resources", "keep_alive_period"), _plain(Kind.INSTANCES, "", duration_text)),
    (("resources", "*"), _plain(Kind.INSTANCES)),
    (("tuning_resources", "*"), _plain(Kind.INSTANCES)),
    (("stopping", "max_runtime"), _plain(Kind.RUNTIME, "1d", duration_text)),
    (("stopping", "*"), _plain(Kind.RUNTIME, "", duration_text)),
    (("enable_managed_spot_training",), _plain(Kind.SPOT, "off")),
    (("enable_network_isolation",), _isolation),
    (("enable_inter_container_traffic_encryption",), _traffic),
    (("checkpoint",), _plain(Kind.CHECKPOINT)),
    (("retry",), _plain(Kind.RETRY)),
    (("environment", "*"), _plain(Kind.ENVIRONMENT_VARIABLE)),
)
"""The same inside of a definition."""


def _name_changes(old: Compiled, new: Compiled) -> Iterator[Change]:
    was, becomes = pinned_name(old), pinned_name(new)
    if was != becomes:
        path: Path = ("job_name",) if new.spec else ("HyperParameterTuningJobName",)
        automatic = "by its content"
        yield Change(
            kind=Kind.JOB_NAME,
            path=path,
            subject="name of the job",
            old=was or automatic,
            new=becomes or automatic,
        )
    if old.spec is not None and new.spec is not None and old.name != new.name:
        yield Change(
            kind=Kind.JOB_RENAMED, path=("name",), subject="name", old=old.name, new=new.name
        )


def pinned_name(compiled: Compiled) -> str | None:
    """The job's name where its author chose it."""
    if compiled.spec is not None:
        return compiled.spec.job_name
    return compiled.job.name if compiled.job is not None else None


def _role_changes(old: Compiled, new: Compiled, changed: list[Path]) -> Iterable[Change]:
    """What the managed roles may do; none where a side brings its own, or stands elsewhere."""
    before, after = old.environment, new.environment
    if before is None or after is None or old.job is None or new.job is None:
        return ()
    if (before.account, before.region) != (after.account, after.region):
        return ()  # every ARN differs, and the environment's own change says so
    if old.digest == new.digest and before == after:
        return ()
    had, has = permissions(before, old.job), permissions(after, new.job)
    if not had or not has:
        return ()
    return permission_changes(
        had,
        has,
        old_place=lambda statement: _asking(statement, old, changed),
        new_place=lambda statement: _asking(statement, new, changed),
    )


def _asking(statement: Statement, side: Compiled, changed: list[Path]) -> Path:
    """What of a spec asks for a statement: the part that changed, when it is among several."""
    asking = [spec_path(path, side.request or {}) for path in statement.asked_by]
    return next((path for path in asking if path in changed), asking[0] if asking else ())
