"""What users and their pipelines rely on: it stays the same, whatever changes inside hptc.

Request goldens (tests/golden/requests), digests and job names (tests/request/test_stability.py),
plan files and stack goldens are held beside their own tests.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from hptc import errors
from hptc.infrastructure import provenance_tags
from hptc.jobs import plan_file
from hptc.render.documents import envelope
from hptc.rules import RULES
from hptc.rules.codes import CODES
from tests.support.golden import Golden
from tests.support.paths import ROOT


def test_codes_and_severities(golden: Golden) -> None:
    """A code is never reused, and one that changes its severity changes exit codes."""
    codes = {code.code: "-" for code in CODES} | {rule.code: rule.severity.value for rule in RULES}
    golden("codes.txt", "".join(f"{code} {codes[code]}\n" for code in sorted(codes)))


def test_exit_codes() -> None:
    assert {name: getattr(errors, name) for name in dir(errors) if name.startswith("EXIT_")} == {
        "EXIT_OK": 0,
        "EXIT_FINDINGS": 1,
        "EXIT_USAGE": 2,
        "EXIT_OPERATION": 3,
        "EXIT_BUG": 70,
        "EXIT_INTERRUPTED": 130,
    }


def test_versions_of_json() -> None:
    assert (envelope.VERSION, plan_file.VERSION) == (1, 1)


def test_tags() -> None:
    assert provenance_tags.TAG_PREFIX == "hptc:"


def test_what_a_scaffolded_cdk_app_imports() -> None:
    """The app is in users' repositories, and may be older than the hptc that it runs with."""
    program = (
        "from hptc.cdk.synth import synth_project\n"
        "from hptc.errors import EXIT_FINDINGS, EXIT_OK, HptcError\n"
        "from hptc.render.diagnostics import Format, printable, render\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["no-such-file"], 2)])
def test_the_module_that_workflows_run(arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "hptc.github", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "python -m hptc.github" in done.stdout + done.stderr or code
