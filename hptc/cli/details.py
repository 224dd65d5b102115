"""What packages of hptc log, such as calls to AWS, as details on stderr for `--verbose`."""

from __future__ import annotations

import logging
from collections.abc import Callable

LOGGER = "hptc"


def show_logged(show: Callable[[str], None]) -> None:
    """Pass what the loggers below `hptc` log to a function, once for each process."""
    logger = logging.getLogger(LOGGER)
    if not any(isinstance(handler, _Handler) for handler in logger.handlers):
        logger.addHandler(_Handler(show))
    logger.setLevel(logging.DEBUG)


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        self._show(record.getMessage())
