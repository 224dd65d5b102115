"""Commands that run against a sandbox, and the signals that stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hptc.errors import UsageError
from hptc.sandbox.run import client_environment, run
from hptc.sandbox.server import Sandbox


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param("", 0, id="success"),
        pytest.param("raise SystemExit(3)", 3, id="failure"),
        pytest.param("import os; os.kill(os.getpid(), 15)", 143, id="killed"),
    ],
)
def test_the_exit_code_is_the_commands(sandbox: Sandbox, script: str, code: int) -> None:
    assert run(python(script), sandbox) == code


def test_the_command_inherits_the_streams(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    run(python("import sys; print('out'); print('err', file=sys.stderr)"), sandbox)
    assert capfd.readouterr() == ("out\n", "err\n")


def test_the_command_reaches_the_sandbox(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    assert run(python(script), sandbox) == 0
    assert capfd.readouterr().out == "123456789012\n"


def test_an_unknown_command_is_a_usage_error(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="cannot run no-such-command"):
        run(["no-such-command"], sandbox)


def test_the_callers_aws_settings_are_removed(sandbox: Sandbox) -> None:
    environment = client_environment(
        sandbox,
        {
            "PATH": "/bin",
            "AWS_PROFILE": "production",
            "AWS_SESSION_TOKEN": "token",
            "AWS_ENDPOINT_URL_S3": "https://example.com",
            "AWS_ACCESS_KEY_ID": "AKIA",
        },
    )
    assert environment["PATH"] == "/bin"
    assert environment["AWS_ACCESS_KEY_ID"] != "AKIA"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & environment.keys()


RUN = """
import sys
from hptc.sandbox.run import run, serve
from hptc.sandbox.server import Sandbox

with Sandbox() as sandbox:
    if sys.argv[1] == "serve":
        serve(sandbox, lambda: print("up", flush=True))
        print("down")
    else:
        sys.exit(run([sys.executable, "-c", sys.argv[2]], sandbox))
"""
CHILD = """
import signal, sys
signals = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # a handler can run too late to end a sleep
signal.alarm(60)
print("up", flush=True)
sys.exit(signal.sigwait(signals))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("mode", "code", "output"), [("serve", 0, "down\n"), ("run", None, "")], ids=["serve", "run"]
)
def test_signals_stop_it(
    tmp_path: Path, mode: str, code: int | None, output: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, mode, CHILD],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (number if code is None else code, output, "")
    assert list(tmp_path.glob("hptc-sandbox-*")) == []
