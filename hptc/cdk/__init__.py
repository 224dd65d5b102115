"""Creates CDK constructs from the data of hptc/infrastructure, without any decisions of its own.

`TuningProject` loads the specs of an environment; `TuningFoundation`, `TuningRole` and
`TuningSchedule` are the constructs, for hptc's own stacks and for the CDK apps of others. They are
imported on their first use, because aws_cdk starts Node.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hptc.cdk.tuning_foundation import TuningFoundation
    from hptc.cdk.tuning_project import TuningProject
    from hptc.cdk.tuning_role import TuningRole
    from hptc.cdk.tuning_schedule import TuningSchedule

__all__ = ["TuningFoundation", "TuningProject", "TuningRole", "TuningSchedule"]

_MODULES = {
    "TuningFoundation": "hptc.cdk.tuning_foundation",
    "TuningProject": "hptc.cdk.tuning_project",
    "TuningRole": "hptc.cdk.tuning_role",
    "TuningSchedule": "hptc.cdk.tuning_schedule",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
