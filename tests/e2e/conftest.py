from __future__ import annotations

from dataclasses import dataclass

import pytest

from hptc.sandbox.server import Sandbox
from tests.sandbox.conftest import open_sandbox
from tests.support.e2e_project import REGION, Project, copy_project

sandbox = pytest.fixture(scope="session", name="sandbox")(open_sandbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The whole project after one `cdk deploy --all`."""

    project: Project
    outputs: dict[str, dict[str, str]]  # what `cdk deploy --outputs-file` told, by stack

    @property
    def role_arns(self) -> dict[str, str]:
        """The execution roles, by the stacks that made them."""
        return {
            stack: outputs["ExecutionRoleArn"]
            for stack, outputs in self.outputs.items()
            if "ExecutionRoleArn" in outputs
        }


@pytest.fixture(scope="session")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Deploy every spec, once: modules that use it stand in the xdist group `deployed`."""
    directory = tmp_path_factory.mktemp("a clone")
    project = copy_project(directory, sandbox, "311111111111")
    project.cdk("bootstrap", f"aws://{project.account}/{REGION}")
    return Deployed(project=project, outputs=project.deploy())
