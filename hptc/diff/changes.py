"""Every kind of change to a project, and the impact of each.

hptc/render/diff_titles.py and diff_verdicts.py have the words for them.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from hptc.diagnostics import Path
from hptc.frozen import frozen
from hptc.secrets.detector import hide_secrets, secret_in


class Impact(StrEnum):
    """The impact of a change for a reviewer, worst first."""

    BREAKS = "breaks"  # a spec no longer compiles
    BREACH = "breach"  # a spec violates the project's policy
    DATA = "data"  # a key or bucket leaves a stack: data is deleted or becomes unreadable
    SECURITY = "security"  # less isolation, encryption or network protection
    PERMISSIONS = "permissions"  # a role is allowed to do more
    POLICY = "policy"  # the project allows more
    REPLACES = "replaces"  # new, empty infrastructure in place of the deployed one
    SUPPRESSION = "suppression"  # a comment hides a finding
    UNSEEN = "unseen"  # a different role, key, network or account, which hptc can't inspect
    JOBS = "jobs"  # a tuning job added, removed or renamed
    SCHEDULE = "schedule"  # when scheduled runs start
    SEARCH = "search"  # the search space, algorithm or data
    COST = "cost"  # the same tuning job for more or less money
    SAFER = "safer"  # more protection or fewer permissions
    COSMETIC = "cosmetic"  # tags

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _ORDER[self]


_ORDER = {impact: rank for rank, impact in enumerate(Impact)}


class Kind(StrEnum):
    """Every kind of change. A difference without its own kind is `other`."""

    BROKEN = "broken"
    POLICY_BREACH = "policy-breach"
    REPAIRED = "repaired"
    JOB_ADDED = "job-added"
    JOB_REMOVED = "job-removed"
    JOB_RENAMED = "job-renamed"
    JOB_NAME = "job-name"
    SCHEDULE_ADDED = "schedule-added"
    SCHEDULE_REMOVED = "schedule-removed"
    SCHEDULE = "schedule"
    DEFINITION_ADDED = "training-job-added"
    DEFINITION_REMOVED = "training-job-removed"
    DEFINITION_RENAMED = "training-job-renamed"

    HYPERPARAMETER_ADDED = "hyperparameter-added"
    HYPERPARAMETER_REMOVED = "hyperparameter-removed"
    NOW_TUNED = "now-tuned"
    NOW_STATIC = "now-static"
    STATIC_VALUE = "static-value"
    KIND = "range-kind"
    SCALE = "scale"
    RANGE_WIDENED = "range-widened"
    RANGE_NARROWED = "range-narrowed"
    RANGE_MOVED = "range-moved"
    CATEGORY_ADDED = "category-added"
    CATEGORY_REMOVED = "category-removed"
    CATEGORY_ORDER = "category-order"
    VALUE_HINT = "value-hint"

    OBJECTIVE = "objective"
    METRICS = "metrics"
    STRATEGY = "strategy"
    LIMITS = "limits"
    EARLY_STOPPING = "early-stopping"
    COMPLETION = "completion"
    SEED = "seed"
    AUTOTUNE = "autotune"
    WARM_START = "warm-start"
    ALGORITHM = "algorithm"
    ALGORITHM_VERSION = "algorithm-version"
    CODE = "training-code"
    INPUT_ADDED = "input-added"
    INPUT_REMOVED = "input-removed"
    INPUT = "input"
    OUTPUT = "output"
    CHECKPOINT = "checkpoint"
    ENVIRONMENT_VARIABLE = "environment-variable"

    INSTANCES = "instances"
    VOLUME = "volume"
    SPOT = "spot"
    RUNTIME = "runtime"
    RETRY = "retry"

    SUPPRESSION_ADDED = "suppression-added"

    ROLE = "role"
    ROLE_UNKNOWN = "role-unknown"
    PERMISSIONS_BROADENED = "permissions-broadened"
    PERMISSIONS_NARROWED = "permissions-narrowed"
    ENCRYPTION_LOOSENED = "encryption-loosened"
    ENCRYPTION_TIGHTENED = "encryption-tightened"
    ENCRYPTION_KEY = "encryption-key"
    ISOLATION_LOOSENED = "isolation-loosened"
    ISOLATION_TIGHTENED = "isolation-tightened"
    NETWORK_LOOSENED = "network-loosened"
    NETWORK_TIGHTENED = "network-tightened"
    NETWORK = "network"

    ENVIRONMENT_ADDED = "environment-added"
    ENVIRONMENT_REMOVED = "environment-removed"
    DEFAULT_ENVIRONMENT = "default-environment"
    FOUNDATION_REPLACED = "foundation-replaced"
    NETWORK_REPLACED = "network-replaced"
    KEY_LEAVES = "key-leaves"
    BUCKET_LEAVES = "bucket-leaves"
    BOUNDARY_REMOVED = "boundary-removed"
    BOUNDARY_ADDED = "boundary-added"
    REMOVAL_DESTROY = "removal-destroy"
    REMOVAL_RETAIN = "removal-retain"
    ENDPOINT_WIDENED = "endpoint-widened"
    ENDPOINT_NARROWED = "endpoint-narrowed"
    ROLE_PATH = "role-path"
    REPOSITORY = "repository"  # who owns the stacks, as hptc.yaml names it
    PROJECT_MOVED = "project-moved"  # to another folder, which owns other stacks
    INFRASTRUCTURE = "infrastructure"
    POLICY_LOOSENED = "policy-loosened"
    POLICY_TIGHTENED = "policy-tightened"
    PRICES_LOWERED = "prices-lowered"

    TAG = "tag"
    OTHER = "other"


IMPACTS: dict[Kind, Impact] = {
    Kind.BROKEN: Impact.BREAKS,
    Kind.POLICY_BREACH: Impact.BREACH,
    **dict.fromkeys((Kind.KEY_LEAVES, Kind.BUCKET_LEAVES), Impact.DATA),
    **dict.fromkeys(
        (
            *(Kind.ENCRYPTION_LOOSENED, Kind.ISOLATION_LOOSENED, Kind.NETWORK_LOOSENED),
            *(Kind.ROLE_UNKNOWN, Kind.ROLE_PATH, Kind.BOUNDARY_REMOVED),
            *(Kind.REMOVAL_DESTROY, Kind.ENDPOINT_WIDENED, Kind.REPOSITORY),
        ),
        Impact.SECURITY,
    ),
    Kind.PERMISSIONS_BROADENED: Impact.PERMISSIONS,
    Kind.POLICY_LOOSENED: Impact.POLICY,
    Kind.PRICES_LOWERED: Impact.POLICY,
    **dict.fromkeys((Kind.FOUNDATION_REPLACED, Kind.NETWORK_REPLACED), Impact.REPLACES),
    Kind.SUPPRESSION_ADDED: Impact.SUPPRESSION,
    **dict.fromkeys(
        (
            *(Kind.ROLE, Kind.ENCRYPTION_KEY, Kind.NETWORK, Kind.INFRASTRUCTURE),
            *(Kind.ENVIRONMENT_ADDED, Kind.ENVIRONMENT_REMOVED, Kind.DEFAULT_ENVIRONMENT),
            Kind.PROJECT_MOVED,
        ),
        Impact.UNSEEN,
    ),
    **dict.fromkeys(
        (Kind.JOB_ADDED, Kind.JOB_REMOVED, Kind.JOB_RENAMED, Kind.JOB_NAME, Kind.REPAIRED),
        Impact.JOBS,
    ),
    **dict.fromkeys((Kind.SCHEDULE_ADDED, Kind.SCHEDULE_REMOVED, Kind.SCHEDULE), Impact.SCHEDULE),
    **dict.fromkeys(
        (
            *(Kind.DEFINITION_ADDED, Kind.DEFINITION_REMOVED, Kind.DEFINITION_RENAMED),
            *(Kind.HYPERPARAMETER_ADDED, Kind.HYPERPARAMETER_REMOVED),
            *(Kind.NOW_TUNED, Kind.NOW_STATIC, Kind.STATIC_VALUE),
            *(Kind.KIND, Kind.SCALE, Kind.RANGE_WIDENED, Kind.RANGE_NARROWED, Kind.RANGE_MOVED),
            *(Kind.CATEGORY_ADDED, Kind.CATEGORY_REMOVED, Kind.CATEGORY_ORDER, Kind.VALUE_HINT),
            *(Kind.OBJECTIVE, Kind.METRICS, Kind.STRATEGY, Kind.EARLY_STOPPING, Kind.COMPLETION),
            *(Kind.SEED, Kind.AUTOTUNE, Kind.WARM_START, Kind.ALGORITHM, Kind.ALGORITHM_VERSION),
            *(Kind.INPUT_ADDED, Kind.INPUT_REMOVED, Kind.INPUT, Kind.OUTPUT, Kind.CHECKPOINT),
            *(Kind.CODE, Kind.ENVIRONMENT_VARIABLE, Kind.OTHER),
        ),
        Impact.SEARCH,
    ),
    **dict.fromkeys(
        (Kind.LIMITS, Kind.INSTANCES, Kind.VOLUME, Kind.SPOT, Kind.RUNTIME, Kind.RETRY),
        Impact.COST,
    ),
    **dict.fromkeys(
        (
            *(Kind.PERMISSIONS_NARROWED, Kind.ENCRYPTION_TIGHTENED, Kind.ISOLATION_TIGHTENED),
            *(Kind.NETWORK_TIGHTENED, Kind.POLICY_TIGHTENED, Kind.BOUNDARY_ADDED),
            *(Kind.REMOVAL_RETAIN, Kind.ENDPOINT_NARROWED),
        ),
        Impact.SAFER,
    ),
    Kind.TAG: Impact.COSMETIC,
}


class Action(StrEnum):
    """What happened to the part of a spec or of hptc.yaml that a change is about."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"  # errors that the old version has too


@frozen
class Growth:
    """By how much a range changed on its scale; exactly one of the two is set.

    `ratio` is the new width of a linear range divided by the old one, in values for an integer
    range. `decades` is the number of powers of ten that a logarithmic range gained; negative if it
    lost some.
    """

    ratio: float | None = None
    decades: float | None = None


_ACTIONS_OF_KINDS = (Action.ADDED, Action.REMOVED)


@frozen
class Change:
    """One change in meaning.

    `path` is its location in the spec, or below `environments` in hptc.yaml. `old` and `new` are
    texts for people, empty if the version does not have the value. `part` is the action on the
    whole part, for kinds that don't name one.
    """

    kind: Kind
    path: Path
    subject: str
    old: str = ""
    new: str = ""
    growth: Growth | None = None
    note: str = ""  # the reason, if it is not obvious
    environments: tuple[str, ...] = ()  # those that it is limited to; empty if it applies to all
    file: str = ""  # the hptc.yaml that it is in; empty for a change to a spec
    part: Action = Action.CHANGED

    @property
    def action(self) -> Action:
        """Whether the part was added, removed or changed."""
        of_kind = self.kind.rpartition("-")[2]
        return Action(of_kind) if of_kind in _ACTIONS_OF_KINDS else self.part

    @property
    def impact(self) -> Impact:
        """The impact of its kind."""
        return IMPACTS[self.kind]

    @property
    def training_job(self) -> str | None:
        """The name of its training job definition, if there are several."""
        several = len(self.path) > 1 and self.path[0] == "training_jobs"
        return str(self.path[1]) if several else None


def worst_first(changes: list[Change]) -> tuple[Change, ...]:
    """Changes sorted by impact; those of the same impact keep their order."""
    return tuple(sorted(changes, key=lambda change: change.impact.rank))


def without_secrets(change: Change) -> Change:
    """A change without secrets: a review is read by more people than a spec.

    A secret is usually a value, but a key or a reason can be one too.
    """

    def shown(value: str) -> str:
        kind = secret_in(change.subject.rpartition(".")[2], value)
        return hide_secrets(value) if kind is None else f"{kind}, hidden"

    return replace(
        change,
        path=tuple(hide_secrets(part) if isinstance(part, str) else part for part in change.path),
        subject=hide_secrets(change.subject),
        old=shown(change.old),
        new=shown(change.new),
        note=hide_secrets(change.note),
    )
