"""Run a command against a sandbox, or keep the sandbox up until a signal."""

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
_HIDDEN = frozenset(  # each would lead a client past the sandbox or make it refuse to start
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
    """Make the environment of a client: the caller's, less its own AWS settings."""
    inherited = os.environ if environment is None else environment
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _HIDDEN and not name.startswith("AWS_ENDPOINT_URL_")
    }
    return kept | sandbox.environment()


def run(command: list[str], sandbox: Sandbox) -> int:
    """Run a command with the sandbox as its AWS, and return its exit code.

    Standard streams are the caller's own. SIGINT and SIGTERM go to the command; a command ended by
    signal N gives 128 + N, as in a shell.
    """
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        # A terminal has sent SIGINT to the whole group already; a second one ends npm and node
        # before they have cleaned up.
        elif number != signal.SIGINT or not _in_foreground():
            process.send_signal(number)

    with _handling(forward):
        try:
            process = subprocess.Popen(command, env=client_environment(sandbox))
        except OSError as error:
            raise UsageError(f"cannot run {command[0]}: {error.strerror}") from error
        for number in early:
            process.send_signal(number)
        code = process.wait()
    return code if code >= 0 else 128 - code


def serve(_sandbox: Sandbox, ready: Callable[[], None]) -> None:
    """Keep an open sandbox up until SIGINT or SIGTERM; `ready` is called once these are heeded."""
    stopped = Event()
    with _handling(lambda _number, _frame: stopped.set()):
        ready()
        stopped.wait()


def _in_foreground() -> bool:
    """Whether a terminal sends its signals to this process's group."""
    for descriptor in range(3):
        with suppress(OSError):
            return os.tcgetpgrp(descriptor) == os.getpgrp()
    return False


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
