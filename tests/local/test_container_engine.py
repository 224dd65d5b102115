"""What docker and podman print, as recorded from several versions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hptc.local.container_engine import Engine, engine_message

DOCKER_DIED = (
    '{"status":"die","id":"15","Type":"container","Action":"die","Actor":{"ID":"15","Attributes":'
    '{"exitCode":"7","name":"x"}},"scope":"local","time":1796009048}'
)
DOCKER_DESTROYED = (
    '{"status":"destroy","id":"15","Type":"container","Action":"destroy","Actor":{"ID":"15",'
    '"Attributes":{"name":"x"}},"scope":"local","time":1796009049}'
)
PODMAN_DIED = '{"ContainerExitCode":7,"ID":"a2","Name":"x","Status":"died","Type":"container"}'
PODMAN_REMOVED = '{"ID":"a2","Name":"x","Status":"remove","Type":"container","Attributes":{}}'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param(
            [
                "docker: Error response from daemon: No such image: nosuch:1",
                "",
                "Run 'docker run --help' for more information",
            ],
            "Error response from daemon: No such image: nosuch:1",
            id="docker 28.2",
        ),
        pytest.param(
            [
                "docker: Error response from daemon: No such image: nosuch:1.",
                "See 'docker run --help'.",
            ],
            "Error response from daemon: No such image: nosuch:1.",
            id="docker 20.10",
        ),
        pytest.param(
            [
                "epoch 1",
                'time="2026-11-30T03:08:38Z" level=error msg="error waiting for container: EOF"',
            ],
            "error waiting for container: EOF",
            id="a daemon that is gone",
        ),
        pytest.param(
            ["Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?"],
            "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
            id="no daemon",
        ),
        pytest.param(
            [
                'time="2026-11-30T03:14:45Z" level=warning msg="Using cgroups-v1"',
                "Error: unable to find network with name or ID nonet: network not found",
                "See 'podman run --help'",
            ],
            "unable to find network with name or ID nonet: network not found",
            id="podman",
        ),
        pytest.param(["loss=0.5", "ValueError: x"], "", id="the program of the image"),
    ],
)
def test_the_words_of_an_engine_are_known_from_those_of_a_program(
    lines: list[str], words: str
) -> None:
    assert engine_message(lines) == words


def test_ctrl_c_in_a_terminal_does_not_reach_the_program(tmp_path: Path) -> None:
    program = tmp_path / "docker"
    code = "import os; print(os.getsid(0))"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}'\n")
    program.chmod(0o755)
    assert int(Engine(program=str(program)).call("version").stdout) != os.getsid(0)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        pytest.param([DOCKER_DIED, DOCKER_DESTROYED], 7, id="docker"),
        pytest.param([PODMAN_DIED, PODMAN_REMOVED], 7, id="podman"),
        pytest.param([DOCKER_DESTROYED], None, id="no end"),
        pytest.param(
            ["null", "[]", "{}", "not JSON", '{"Status":"died"}'], None, id="unknown form"
        ),
        pytest.param([], None, id="none"),
    ],
)
def test_an_exit_code_is_found_in_events(
    monkeypatch: pytest.MonkeyPatch, events: list[str], code: int | None
) -> None:
    def call(self: Engine, *words: str) -> subprocess.CompletedProcess[str]:
        assert words[0] == "events"
        return subprocess.CompletedProcess([self.program], 0, "\n".join(events), "")

    monkeypatch.setattr(Engine, "call", call)
    assert Engine().exit_code("x") == code
