"""Synthesize a project's stacks as `hptc deploy` does: python -m benchmarks.synth_hptc PROJECT OUT.

Without OUT it stops before the CDK: it compiles the specs and models their stacks.
"""

import sys
from pathlib import Path

project = Path(sys.argv[1])
if len(sys.argv) > 2:
    from hptc.cdk.synth import synth_project

    result = synth_project(project, None, Path(sys.argv[2]))
    assert result.assembly is not None, result.diagnostics
else:
    from hptc.compiler.deployable import deployable_specs
    from hptc.compiler.pipeline import compile_paths
    from hptc.compiler.workspace import Workspace
    from hptc.infrastructure.environment_stacks import environment_stacks

    compiled = compile_paths([str(project)], Workspace())
    environment = next(
        outcome.environment for outcome in compiled if outcome.environment is not None
    )
    assert environment_stacks(environment, deployable_specs(compiled)).digests
