"""The connection to AWS that a command's options name."""

from __future__ import annotations

from hptc.aws.client import Aws, connect
from hptc.aws.retry import Retry
from hptc.cli.console import say
from hptc.cli.inputs import environment_here


def connected(env: str | None, region: str | None) -> Aws:
    """The account of the environment; with `region` the credentials' own account in that Region."""
    retry = Retry(progress=say)
    if region is not None:
        return connect(region=region, retry=retry)
    return connect(environment_here(env), retry=retry)
