"""The deployed project that tests of one process share."""

from __future__ import annotations

import pytest

from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import Deployed, copy_project
from tests.support.sandbox import open_sandbox

sandbox = pytest.fixture(scope="session", name="sandbox")(open_sandbox)


@pytest.fixture(scope="session")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Every spec, deployed once: modules that use this are in the xdist group `deployed`."""
    directory = tmp_path_factory.mktemp("a clone")
    project = copy_project(directory, sandbox, "311111111111")
    project.bootstrap()
    return Deployed(project=project, outputs=project.deploy())
