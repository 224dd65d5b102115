"""An earlier run of the same tuning job on this machine: continued, or replaced only on request."""

from __future__ import annotations

import click
from click.core import ParameterSource

from hptc.errors import OperationError, UsageError
from hptc.local.service import LocalTuning
from hptc.service.tuning_jobs import FINAL_STATUSES
from hptc.text import listed

_FIXED = frozenset(
    (
        *("dry", "channels", "s3_root", "source", "entry_point", "python", "images", "docker"),
        *("podman", "install_requirements", "no_stand_ins", "seed", "without_parents", "grace"),
    )
)
"""The options that --resume takes from the earlier run."""


def require_resumable(tuning: LocalTuning, name: str) -> None:
    """Raise an error if there is nothing to resume, or if an option would have no effect."""
    description = tuning.describe(name)
    if description is None:
        raise OperationError(
            f"{name} has not run on this machine, so there is nothing to resume",
            help="leave out --resume; a changed spec is a new tuning job",
        )
    if options := _fixed_options():
        raise UsageError(
            f"{listed(options)} can't be used with --resume, which continues with the code, the "
            "data and the options of the earlier run",
            help=f"leave out {listed(options)}; only --trials and --parallel can change; --replace "
            "starts over",
        )


def _fixed_options() -> list[str]:
    """The options of this run that an earlier run has already decided."""
    context = click.get_current_context()
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in _FIXED
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]


def require_room(tuning: LocalTuning, name: str, *, replace: bool) -> None:
    """Raise OperationError for an earlier run, unless it may be replaced or has run no code."""
    description = tuning.describe(name)
    if description is None or replace or tuning.is_dry(name):
        return
    status = description["HyperParameterTuningJobStatus"]
    if tuning.is_running(name):
        raise OperationError(
            f"{name} is already running on this machine",
            help=f"`hptc local status {name}` shows its progress",
        )
    is_interrupted = status not in FINAL_STATUSES
    raise OperationError(
        f"{name} has already run on this machine and "
        + ("was interrupted" if is_interrupted else f"is {status}"),
        help="--resume continues it, --replace deletes that run and starts over",
    )
