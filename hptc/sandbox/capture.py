"""Runs a program against a sandbox and returns the tuning jobs that it created there."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping

from moto.sts.models import sts_backends

from hptc.frozen import frozen
from hptc.request.emission import Request
from hptc.sandbox.aws_proxy import AwsProxy
from hptc.sandbox.iam import execution_role
from hptc.sandbox.recorder import Recorder
from hptc.sandbox.run import run
from hptc.sandbox.server import Sandbox
from hptc.sandbox.state_folder import state_folder

_ROLE = "hptc-capture"
_YEAR_SECONDS = 365 * 86_400


@frozen
class LocalEndpoint:
    """What a program sees in place of AWS."""

    account: str
    region: str
    role_arn: str
    endpoint_url: str


@frozen
class Captured:
    """What a program did: the tuning jobs that it created, and what it could not reach."""

    endpoint: LocalEndpoint
    requests: tuple[Request, ...]
    exit_code: int
    refused_hosts: tuple[str, ...]


def capture(
    command: list[str],
    *,
    region: str,
    account: str,
    is_for_all_profiles: bool,
    announce: Callable[[LocalEndpoint], None],
    output: int | None = None,
) -> Captured:
    """Run a command and return the tuning jobs that it created.

    `announce` is called before it starts. `output` is a file descriptor that replaces its stdout.
    `region` is the default Region, or that of all the user's profiles. The command's AWS endpoint
    is the sandbox, even where it names another one. Its credentials are those of a role, which the
    SageMaker SDK's `get_execution_role` returns. Raises UsageError if the command can't be started.
    """
    recorder = Recorder()
    with (
        state_folder() as folder,
        Sandbox(account=account, region=region, recorder=recorder) as sandbox,
        AwsProxy(sandbox.port, folder) as proxy,
    ):
        role = _assume_role(sandbox)
        profiles = folder / "config"
        regions_of_profiles = _regions_of_profiles()
        regions = (
            dict.fromkeys(regions_of_profiles, region)
            if is_for_all_profiles
            else regions_of_profiles
        )
        text = _profiles({"default": region, **regions}, role.credentials)
        profiles.write_text(text, encoding="utf-8")
        endpoint = LocalEndpoint(
            account=account, region=region, role_arn=role.arn, endpoint_url=sandbox.endpoint_url
        )
        announce(endpoint)
        changes: dict[str, str | None] = {
            **proxy.environment(),
            **{name.upper(): value for name, value in role.credentials.items()},
            "AWS_CONFIG_FILE": str(profiles),
            "AWS_REGION": None,  # they would take precedence over a profile's Region
            "AWS_DEFAULT_REGION": None,
        }
        exit_code = run(command, sandbox, changes, output=output)
    return Captured(
        endpoint=endpoint,
        requests=tuple(recorder.requests),
        exit_code=exit_code,
        refused_hosts=tuple(sorted(proxy.refused)),
    )


@frozen
class _AssumedRole:
    """A role in the sandbox, and the credentials of a session with it."""

    arn: str
    credentials: Mapping[str, str]


def _assume_role(sandbox: Sandbox) -> _AssumedRole:
    role = execution_role(_ROLE, sandbox.account, sandbox.partition)
    session = sts_backends[sandbox.account][sandbox.partition].assume_role(
        region_name=sandbox.region,
        role_session_name="SageMaker",
        role_arn=role.arn,
        policy="",
        duration=_YEAR_SECONDS,
        external_id="",
    )
    return _AssumedRole(
        arn=str(role.arn),
        credentials={
            "aws_access_key_id": session.access_key_id,
            "aws_secret_access_key": session.secret_access_key,
            "aws_session_token": session.session_token,
        },
    )


def _regions_of_profiles() -> dict[str, str]:
    """The user's named profiles and their Regions, "" without one. Nothing else of them is read."""
    regions: dict[str, str] = {}
    for variable, default, prefix in (
        ("AWS_CONFIG_FILE", "~/.aws/config", "profile "),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", ""),
    ):
        profiles = configparser.RawConfigParser(strict=False)
        try:
            file = os.environ.get(variable) or default
            profiles.read(os.path.expanduser(file), encoding="utf-8")  # noqa: PTH111 - needs no home
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in profiles.sections():
            if section != "default" and section.startswith(prefix):
                name = section.removeprefix(prefix)
                regions[name] = profiles.get(section, "region", fallback=regions.get(name, ""))
    return regions


def _profiles(regions: Mapping[str, str], credentials: Mapping[str, str]) -> str:
    """An AWS configuration with profiles of these names, all with the same credentials.

    A program that opens a session with a profile needs it to exist.
    """
    sections = []
    for name, region in regions.items():
        heading = name if name == "default" else f"profile {name}"
        settings = {**credentials, **({"region": region} if region else {})}
        lines = [f"{key} = {value}\n" for key, value in settings.items()]
        sections.append(f"[{heading}]\n" + "".join(lines))
    return "\n".join(sections)
