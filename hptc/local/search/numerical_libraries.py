"""Imports numpy and scipy, which only Bayesian search and the importance need."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hptc.errors import UsageError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def numerical_libraries(purpose: str) -> Iterator[None]:
    """Import numpy and scipy, or what imports them, in this context.

    They use one thread: their matrices are small, training jobs need the other processors, and the
    order of a sum, which depends on the number of threads, changes its last digits. The environment
    of the training jobs does not change. Raises UsageError if one is not installed.
    """
    is_imported = {"numpy", "scipy.linalg"} <= sys.modules.keys()
    before = {} if is_imported else {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("numpy", "scipy"):
            raise
        raise UsageError(
            f"{purpose} requires numpy and scipy, but {missing} is not installed",
            help="run `pip install 'hptc[local]'`",
        ) from None
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
