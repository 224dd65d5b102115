"""numpy and scipy with one thread, without an effect on the training jobs' environment."""

from __future__ import annotations

import os
import sys

import pytest

from hptc.errors import UsageError
from hptc.local.search.numerical_libraries import numerical_libraries


def test_one_thread_while_they_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scipy.linalg", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with numerical_libraries("this"):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("1", "1")
    assert os.environ["OMP_NUM_THREADS"] == "8"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_afterwards_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training jobs may start at any time."""
    for name in ("numpy", "scipy.linalg"):
        monkeypatch.setitem(sys.modules, name, sys)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    with numerical_libraries("this"):
        assert os.environ["OMP_NUM_THREADS"] == "8"


def test_another_missing_module_is_a_bug() -> None:
    with pytest.raises(ModuleNotFoundError, match="pandas"), numerical_libraries("this"):
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
    with pytest.raises(UsageError, match="this requires numpy and scipy, but scipy is not"):  # noqa: SIM117
        with numerical_libraries("this"):
            raise ModuleNotFoundError("No module named 'scipy.linalg'", name="scipy.linalg")
