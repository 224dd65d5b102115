"""One change of a review in words: its title, its subject and its environments.

Every format has these; what all changes mean together is in diff_verdicts.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hptc.diff.changes import Action, Change, Growth, Kind
from hptc.text import listed

_SAFE_NAME = re.compile("[A-Za-z0-9-]{1,100}")

NAMES_ENVIRONMENT = (Kind.ENVIRONMENT_ADDED, Kind.ENVIRONMENT_REMOVED)
"""Changes whose subject is an environment."""

TITLES: dict[Kind, str] = {
    Kind.BROKEN: "does not compile",
    Kind.POLICY_BREACH: "violates the policy",
    Kind.REPAIRED: "compiles again",
    Kind.JOB_ADDED: "added",
    Kind.JOB_REMOVED: "removed",
    Kind.JOB_RENAMED: "renamed",
    Kind.JOB_NAME: "changed",
    Kind.SCHEDULE_ADDED: "added",
    Kind.SCHEDULE_REMOVED: "removed",
    Kind.SCHEDULE: "schedule changed",
    Kind.DEFINITION_ADDED: "training job definition added",
    Kind.DEFINITION_REMOVED: "training job definition removed",
    Kind.DEFINITION_RENAMED: "training job definition renamed",
    Kind.HYPERPARAMETER_ADDED: "hyperparameter added",
    Kind.HYPERPARAMETER_REMOVED: "hyperparameter removed",
    Kind.NOW_TUNED: "now tuned, was static",
    Kind.NOW_STATIC: "now static, was tuned",
    Kind.STATIC_VALUE: "static value changed",
    Kind.KIND: "range type changed",
    Kind.SCALE: "scaling type changed",
    Kind.RANGE_WIDENED: "range widened",
    Kind.RANGE_NARROWED: "range narrowed",
    Kind.RANGE_MOVED: "range moved",
    Kind.CATEGORY_ADDED: "categories added",
    Kind.CATEGORY_REMOVED: "categories removed",
    Kind.CATEGORY_ORDER: "categories reordered",
    Kind.VALUE_HINT: "value hint for Autotune changed",
    Kind.OBJECTIVE: "objective metric changed",
    Kind.METRICS: "metric definition changed",
    Kind.STRATEGY: "strategy changed",
    Kind.LIMITS: "limit changed",
    Kind.EARLY_STOPPING: "early stopping changed",
    Kind.COMPLETION: "completion criteria changed",
    Kind.SEED: "random seed changed",
    Kind.AUTOTUNE: "Autotune changed",
    Kind.WARM_START: "warm start changed",
    Kind.ALGORITHM: "algorithm changed",
    Kind.ALGORITHM_VERSION: "algorithm version changed",
    Kind.CODE: "training code changed",
    Kind.INPUT_ADDED: "input channel added",
    Kind.INPUT_REMOVED: "input channel removed",
    Kind.INPUT: "input channel changed",
    Kind.OUTPUT: "output changed",
    Kind.CHECKPOINT: "checkpoints changed",
    Kind.ENVIRONMENT_VARIABLE: "environment variable changed",
    Kind.INSTANCES: "instances changed",
    Kind.VOLUME: "volume changed",
    Kind.SPOT: "managed spot training changed",
    Kind.RUNTIME: "maximum runtime changed",
    Kind.RETRY: "retry strategy changed",
    Kind.SUPPRESSION_ADDED: "finding suppressed",
    Kind.ROLE: "execution role changed",
    Kind.ROLE_UNKNOWN: "existing execution role, with unknown permissions",
    Kind.PERMISSIONS_BROADENED: "permissions broadened",
    Kind.PERMISSIONS_NARROWED: "permissions narrowed",
    Kind.ENCRYPTION_LOOSENED: "encryption loosened",
    Kind.ENCRYPTION_TIGHTENED: "encryption tightened",
    Kind.ENCRYPTION_KEY: "encryption key changed",
    Kind.ISOLATION_LOOSENED: "isolation loosened",
    Kind.ISOLATION_TIGHTENED: "isolation tightened",
    Kind.NETWORK_LOOSENED: "network loosened",
    Kind.NETWORK_TIGHTENED: "network tightened",
    Kind.NETWORK: "network changed",
    Kind.ENVIRONMENT_ADDED: "environment added",
    Kind.ENVIRONMENT_REMOVED: "environment removed",
    Kind.DEFAULT_ENVIRONMENT: "default environment changed",
    Kind.FOUNDATION_REPLACED: "redeployed as new stacks",
    Kind.NETWORK_REPLACED: "network replaced",
    Kind.KEY_LEAVES: "key leaves its stack",
    Kind.BUCKET_LEAVES: "bucket leaves its stack",
    Kind.BOUNDARY_REMOVED: "permissions boundary removed",
    Kind.BOUNDARY_ADDED: "permissions boundary added",
    Kind.REMOVAL_DESTROY: "buckets and keys are deleted with their stack",
    Kind.REMOVAL_RETAIN: "buckets and keys are retained",
    Kind.ENDPOINT_WIDENED: "S3 endpoint widened",
    Kind.ENDPOINT_NARROWED: "S3 endpoint narrowed",
    Kind.ROLE_PATH: "role path changed",
    Kind.REPOSITORY: "owner of the stacks changed",
    Kind.PROJECT_MOVED: "project moved to another folder",
    Kind.INFRASTRUCTURE: "infrastructure changed",
    Kind.POLICY_LOOSENED: "policy loosened",
    Kind.POLICY_TIGHTENED: "policy tightened",
    Kind.PRICES_LOWERED: "prices lowered",
    Kind.TAG: "tag changed",
    Kind.OTHER: "changed",
}


def title(change: Change) -> str:
    """What changed and by how much: `range widened, +1 decade`."""
    named = TITLES[change.kind]
    if named.endswith("changed") and (action := _action(change)) is not None:
        named = f"{named.removesuffix('changed')}{action}"
    grown = growth_text(change.growth) if change.growth is not None else ""
    return ", ".join(part for part in (f"{still([change])}{named}", grown) if part)


def _action(change: Change) -> Action | None:
    """Whether a part was added or removed; None if it changed."""
    if change.part in (Action.ADDED, Action.REMOVED):
        return change.part
    if bool(change.old) is bool(change.new):
        return None
    return Action.ADDED if change.new else Action.REMOVED


def growth_text(growth: Growth) -> str:
    """The growth of a range: `2.5 times as wide`, `+1.3 decades`."""
    if growth.decades is not None:
        unit = "decade" if abs(growth.decades) == 1 else "decades"
        return f"{growth.decades:+.3g} {unit}"
    return f"{growth.ratio:.3g} times as wide" if growth.ratio is not None else ""


def subject(change: Change) -> str:
    """The subject of a change, with its training job definition if there are several."""
    within = change.training_job
    return change.subject if within in (None, change.subject) else f"{within}: {change.subject}"


def change_environments(change: Change) -> str:
    """The environments of a change that is limited to some: `prod: `."""
    is_named = bool(change.environments) and change.kind not in NAMES_ENVIRONMENT
    return f"{listed_environments(change.environments)}: " if is_named else ""


def listed_environments(environments: Iterable[str]) -> str:
    """The names of environments in a sentence. One that can't be deployed may contain markup."""
    return listed(
        name if _SAFE_NAME.fullmatch(name) else "an environment with an invalid name"
        for name in environments
    )


def still(changes: Iterable[Change]) -> str:
    """ "still " if all of the changes were there before; empty otherwise."""
    return "still " if all(change.action is Action.UNCHANGED for change in changes) else ""
