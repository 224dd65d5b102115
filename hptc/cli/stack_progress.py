"""Progress of `hptc deploy` and `hptc destroy` while CloudFormation works."""

from __future__ import annotations

import sys

from hptc.cli.console import print_status, use_color
from hptc.render.deployment import render_progress
from hptc.stacks.results import StackProgress


def print_progress(progress: StackProgress) -> None:
    """Print what is happening to a stack."""
    print_status(render_progress(progress, color=use_color(sys.stderr)))
