"""`hptc sandbox`: a command in it behaves as in a shell; without one, it prints exports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from tests.support.e2e_project import ACCOUNT_OF_DEV, REGION, execute, execute_here
from tests.support.json_documents import check_document

pytestmark = pytest.mark.slow

SANDBOX = (sys.executable, "-m", "hptc", "sandbox")


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(tmp_path)}


def test_streams_and_exit_code_are_the_commands(tmp_path: Path) -> None:
    script = 'read -r line; echo "got $line"; echo oops >&2; exit 7'
    done = execute(
        [*SANDBOX, "--", "sh", "-c", script],
        tmp_path,
        environment(tmp_path),
        stdin="a line\n",
        expect=7,
    )
    assert done.out == "got a line\n"
    assert "It trains nothing" in done.err
    assert done.err.endswith("\noops\n")


def test_options_behind_the_dashes_are_the_commands(tmp_path: Path) -> None:
    script = (
        "import boto3, sys\n"
        "print(sys.argv[1:], boto3.client('sts').get_caller_identity()['Account'],"
        " boto3.session.Session().region_name)"
    )
    ours = ("--account", "333333333333", "--region", "eu-west-1")
    done = execute(
        [*SANDBOX, *ours, "--", sys.executable, "-c", script, "--port", "1", "-h"],
        tmp_path,
        environment(tmp_path),
    )
    assert done.out == "['--port', '1', '-h'] 333333333333 eu-west-1\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(("--", "no-such-command"), 2, "cannot run no-such-command", id="no-command"),
        pytest.param(("--port", "{taken}"), 3, "cannot listen on port {taken}", id="port-taken"),
        pytest.param(("--json", "--", "true"), 2, "can't be combined with a command", id="json"),
        pytest.param(("--account", "12"), 2, "12 digits", id="account"),
        pytest.param(("--region", "nowhere"), 2, "`nowhere` is not an AWS Region", id="region"),
    ],
)
def test_a_failed_start_reports_the_reason(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        filled = [argument.format(taken=taken) for argument in arguments]
        done = execute_here(["sandbox", *filled], tmp_path, environment(tmp_path), expect=None)
    assert message.format(taken=taken) in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert done.code == code


@contextmanager
def serving(tmp_path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A sandbox that is listening."""
    with subprocess.Popen(
        [*SANDBOX, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    ) as process:
        assert process.stderr is not None
        stderr = line = process.stderr.readline()
        while line and "Ctrl-C" not in line:
            line = process.stderr.readline()
            stderr += line
        assert "listening" in line, stderr
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as process:
        process.send_signal(number)
        exports, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (0, "")
    assert all(line.startswith("export ") for line in exports.splitlines())
    assert not list(tmp_path.glob("hptc-sandbox-*"))


def test_a_program_reads_where_it_listens(tmp_path: Path) -> None:
    with serving(tmp_path, "--json") as process:
        assert process.stdout is not None
        data = json.loads(process.stdout.readline())
        check_document(data)
        assert data["process_id"] == process.pid
        assert data["endpoint_url"] == f"http://127.0.0.1:{data['port']}"
        assert data["environment"]["AWS_ENDPOINT_URL"] == data["endpoint_url"]
        assert Path(data["folder"]).is_dir()
        with socket.create_connection(("127.0.0.1", data["port"])):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
    assert not Path(data["folder"]).exists()


def test_a_shell_can_evaluate_the_exports(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert process.stdout is not None
        exports = ""
        while "NODE_OPTIONS" not in exports:
            exports += process.stdout.readline()
        output = execute(
            ["sh", "-c", f"{exports}\nenv -0"], tmp_path, {"PATH": os.environ["PATH"]}
        ).out
        variables = dict(variable.split("=", 1) for variable in output.split("\0") if variable)
        session = boto3.session.Session(
            variables["AWS_ACCESS_KEY_ID"],
            variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_REGION"],
        )
        sts = session.client("sts", endpoint_url=variables["AWS_ENDPOINT_URL"])
        assert sts.get_caller_identity()["Account"] == ACCOUNT_OF_DEV
        assert variables["AWS_REGION"] == REGION
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
