"""Runs a command against a sandbox, or keeps the sandbox running until a signal."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType

from hptc.errors import UsageError
from hptc.sandbox.server import Sandbox

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_REMOVED_VARIABLES = frozenset(  # each would make a client bypass the sandbox or fail to start
    {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DEFAULT_PROFILE",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)


def client_environment(
    sandbox: Sandbox, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment variables of a client: the caller's, with the sandbox's AWS settings."""
    inherited = os.environ if environment is None else environment
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _REMOVED_VARIABLES and not name.startswith("AWS_ENDPOINT_URL_")
    }
    return kept | sandbox.environment()


def adopt(sandbox: Sandbox) -> None:
    """Make this process a client of the sandbox, and with it the training jobs that it starts."""
    environment = client_environment(sandbox)
    os.environ.clear()
    os.environ.update(environment)


def run(
    command: list[str],
    sandbox: Sandbox,
    changes: Mapping[str, str | None] | None = None,
    *,
    output: int | None = None,
) -> int:
    """Run a command whose AWS endpoint is the sandbox, and return its exit code.

    `changes` are to the environment variables that it gets; None removes one. The command inherits
    the standard streams; `output` is a file descriptor that replaces stdout. SIGINT and SIGTERM
    are forwarded to it. If signal N ends it, the exit code is 128 + N, as in a shell.
    """
    process: subprocess.Popen[bytes] | None = None
    pending_signals: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            pending_signals.append(number)
        # A terminal sends SIGINT to the whole process group; a second one would end npm and node
        # before they clean up.
        elif number != signal.SIGINT or not _is_in_foreground():
            process.send_signal(number)

    with _signal_handler(forward):
        try:
            variables = client_environment(sandbox) | dict(changes or {})
            environment = {name: value for name, value in variables.items() if value is not None}
            process = subprocess.Popen(command, env=environment, stdout=output)
        except OSError as error:
            raise UsageError(f"cannot run {command[0]}: {error.strerror}") from error
        for number in pending_signals:
            process.send_signal(number)
        code = _wait(process)
    return code if code >= 0 else 128 - code


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process, which is polled.

    Python would handle a signal that comes just before a blocking wait only after it.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=1)


def serve(_sandbox: Sandbox, ready: Callable[[], None]) -> None:
    """Keep a sandbox running until SIGINT or SIGTERM. Calls `ready` once both are handled."""
    stopped = Event()
    with _signal_handler(lambda _number, _frame: stopped.set()):
        ready()
        stopped.wait()


def _is_in_foreground() -> bool:
    """Whether a terminal sends its signals to this process group."""
    for descriptor in range(3):
        with suppress(OSError):
            return os.tcgetpgrp(descriptor) == os.getpgrp()
    return False


@contextmanager
def _signal_handler(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    previous = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, old_handler in previous.items():
            signal.signal(number, old_handler)
