"""What `hptc deploy` and `hptc destroy` say while CloudFormation works."""

from __future__ import annotations

import sys

from hptc.cli.console import in_color, say
from hptc.render.deployment import render_progress
from hptc.stacks.cdk_cli import Progress


def say_progress(progress: Progress) -> None:
    """Say what goes on with a stack."""
    say(render_progress(progress, color=in_color(sys.stderr)))
