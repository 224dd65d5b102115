"""The hyperparameter tuning compiler: tuning specs in, SageMaker requests and CDK stacks out.

`__all__` lists the Python API, which docs/python.md describes. Each name is imported when it is
first used, so that `import hptc` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hptc.api.answers import (
        Comparison,
        CompiledSpec,
        Cost,
        Findings,
    )
    from hptc.api.job_answers import JobResults, SubmissionPlan, Submissions
    from hptc.api.projects import Project, load_project
    from hptc.diagnostics import Diagnostic
    from hptc.errors import AwsError, FindingsError, HptcError, OperationError, UsageError

__version__ = "0.1.0"

__all__ = [
    "AwsError",
    "Comparison",
    "CompiledSpec",
    "Cost",
    "Diagnostic",
    "Findings",
    "FindingsError",
    "HptcError",
    "JobResults",
    "OperationError",
    "Project",
    "SubmissionPlan",
    "Submissions",
    "UsageError",
    "load_project",
]

_ERRORS = ("AwsError", "FindingsError", "HptcError", "OperationError", "UsageError")
_MODULES = dict.fromkeys(__all__, "hptc.api.answers") | {
    "Diagnostic": "hptc.diagnostics",
    **dict.fromkeys(("JobResults", "SubmissionPlan", "Submissions"), "hptc.api.job_answers"),
    "Project": "hptc.api.projects",
    "load_project": "hptc.api.projects",
    **dict.fromkeys(_ERRORS, "hptc.errors"),
}

if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
