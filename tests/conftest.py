"""Fixtures of every test: golden files, and no access to AWS."""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from hptc.cli.program import collect_garbage_rarely
from hptc.render.documents import envelope
from hptc.text import json_text
from tests.support.botocore_models import share_models
from tests.support.distribution import FileScheduling, has_none_of
from tests.support.golden import Golden
from tests.support.json_documents import check_document
from tests.support.paths import GOLDEN, ROOT

if TYPE_CHECKING:
    from xdist.scheduler import LoadGroupScheduling

settings.register_profile("hptc", deadline=None, print_blob=True)
settings.load_profile("hptc")
for _variable in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):  # in CI, only tracked files are read
    os.environ.pop(_variable, None)
# Workers use all processors already; numpy's threads would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Each start of the CDK CLI would compile 20 MB of JavaScript.
os.environ.setdefault("NODE_COMPILE_CACHE", str(ROOT / ".pytest_cache" / "node"))
_cache = ROOT / "tests" / "support" / "node_compile_cache.cjs"
os.environ["NODE_OPTIONS"] = f'{os.environ.get("NODE_OPTIONS", "")} --require "{_cache}"'.lstrip()
# A shell starts what runs in the background with SIGINT ignored, and tests send it to programs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
share_models()
gc.disable()  # while millions of objects are made that all stay: the tests and what they import


def forbid_outside_aws() -> None:
    """Remove credentials, profiles and the metadata service: no test reaches a real account."""
    for name in list(os.environ):
        if name.startswith("AWS_") and name != "AWS_DATA_PATH":
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def check_every_json_document() -> None:
    """Whatever a test makes with a command or a renderer has the members of docs/json.md only."""

    def checked(data: Any) -> str:
        text = json_text(data)
        check_document(json.loads(text))
        return text

    pytest.MonkeyPatch().setattr(envelope, "json_text", checked)


# Once, not as fixtures of each test: 16,000 times both took 6 s.
forbid_outside_aws()
check_every_json_document()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files and generated docs"
    )


def pytest_configure() -> None:
    """Let the workers and the processes that tests start share the bytecode of hptc.

    There are a hundred of them, and under PYTHONDONTWRITEBYTECODE each compiles all of it again.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip files that have no test of the run."""
    is_file = collection_path.suffix == ".py"
    return (is_file and has_none_of(collection_path, config.getoption("markexpr"))) or None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    """Give whole files to workers, but single tests with real clients, which take long."""
    return None if config.getoption("markexpr") == "slow" else FileScheduling(config, log)


def leave(worker: int) -> None:
    """End a worker without freeing its millions of objects one by one, which takes 5 s."""
    if os.getpid() == worker:
        os._exit(0)


if "PYTEST_XDIST_WORKER" in os.environ:
    atexit.register(leave, os.getpid())  # before all others, so it is called after them


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect garbage from here on: as rarely as hptc, and without what was there before."""
    collect_garbage_rarely()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with tests/golden/NAME, or rewrite it under --update-golden."""

    def compare(name: str, actual: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
            return
        assert path.is_file(), f"tests/golden/{name} is missing: run `make golden`, read it"
        assert actual == path.read_text(encoding="utf-8"), f"tests/golden/{name}: `make golden`"

    return compare
