"""Connects to the AWS account and Region that a command's options select."""

from __future__ import annotations

from hptc.api.specs import current_environment
from hptc.api.targets import Target, require_same_region
from hptc.aws.client import Aws, connect
from hptc.aws.retry import Retry
from hptc.cli.console import print_detail, print_status
from hptc.project.project_file import Environment
from hptc.service.interface import Progress


def connect_to_environment(
    environment: Environment | None,
    *,
    region: str | None = None,
    progress: Progress = print_status,
) -> Aws:
    """Connect to an environment; retries are reported on stderr, or as `progress` does."""
    aws = connect(environment, region=region, retry=Retry(progress=progress))
    place = f"environment {environment.name}, account {environment.account}" if environment else ""
    print_detail(f"AWS: {place or 'account of the credentials'}, Region {aws.region}")
    return aws


def connect_with_options(env: str | None, region: str | None) -> Aws:
    """Connect as `--env` and `--region` say.

    A Region alone is used with the account of the credentials, even inside a project.
    """
    environment = current_environment(env) if region is None else None
    return connect_to_environment(environment, region=region)


def connect_to_target(target: Target, *, progress: Progress = print_status) -> Aws:
    """Connect to the account and Region of a target.

    Raises UsageError if the Region of its ARN is another one.
    """
    aws = connect_to_environment(target.place, region=target.region, progress=progress)
    require_same_region(target, aws.region)
    return aws
