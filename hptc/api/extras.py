"""Optional dependencies that some commands and functions need."""

from __future__ import annotations

from importlib.util import find_spec

from hptc.errors import UsageError


def require(module: str, extra: str, *, subject: str = "this command") -> None:
    """Raise UsageError if an optional dependency is not installed."""
    if find_spec(module) is None:
        raise UsageError(
            f"{subject} needs {module}, which is not installed",
            help=f"run `pip install 'hptc[{extra}]'`",
        )
