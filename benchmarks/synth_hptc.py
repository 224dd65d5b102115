"""Synthesizes a project's stacks the way `hptc deploy` does: python -m … PROJECT OUT."""

import sys
from pathlib import Path

from hptc.cdk.synth import synth_project

made = synth_project(Path(sys.argv[1]), None, Path(sys.argv[2]))
assert made.assembly is not None, made.diagnostics
