"""Suggests to rehearse a training script on this machine before it is submitted."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.jobs.job_names import name_stem


def rehearsal_note(compiled: Iterable[Compiled]) -> str:
    """A line about the first spec whose `source` never ran on this machine; empty if all did.

    Any version of the spec counts, so that nobody is asked again after each edit.
    """
    if sys.platform == "win32":  # `hptc local` does not work there
        return ""
    from hptc.cli.local_folder import jobs_folder

    folder = jobs_folder(None)
    ran = {name_stem(path.name) for path in folder.iterdir()} if folder.is_dir() else set()
    for one in compiled:
        if isinstance(one, CompiledSpec) and one.codes and name_stem(one.job.name) not in ran:
            return (
                f"note: the script of {one.name} has not run on this machine; "
                f"`hptc local run {one.name} --trials 1` rehearses it"
            )
    return ""
