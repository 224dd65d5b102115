"""What `hptc deploy` and `hptc destroy` say while CloudFormation works."""

from __future__ import annotations

import sys

from hptc.cli.console import in_color, say
from hptc.render.deployment import render_progress
from hptc.stacks.results import StackProgress


def say_progress(progress: StackProgress) -> None:
    """Say what goes on with a stack."""
    say(render_progress(progress, color=in_color(sys.stderr)))
