"""Suggests rehearsing a training script on this machine before it is submitted."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import UsageError
from hptc.jobs.job_names import name_stem

if TYPE_CHECKING:
    from hptc.local.job_folder import JobFolder


def rehearsal_note(compiled: Iterable[Compiled]) -> str:
    """A line about the first spec whose `source` has never run on this machine; empty if all have.

    Any version of the spec counts, so that nobody is asked again after each edit.
    """
    if sys.platform == "win32":  # `hptc local` does not work there
        return ""
    from hptc.local.job_folder import job_folders, jobs_folder

    ran = {
        name_stem(job_folder.name)
        for job_folder in job_folders(jobs_folder(None))
        if _has_run(job_folder)
    }
    for spec in compiled:
        if isinstance(spec, CompiledSpec) and spec.codes and name_stem(spec.job.name) not in ran:
            return (
                f"note: the script of {spec.name} has not run on this machine; "
                f"`hptc local run {spec.name} --trials 1` rehearses it"
            )
    return ""


def _has_run(folder: JobFolder) -> bool:
    """Whether code has run; a dry run runs none."""
    try:
        return not folder.tuning_job()["IsDry"]
    except UsageError:  # of another version of hptc
        return True
