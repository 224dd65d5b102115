"""A boto3 session with its clients: retries, AWS's errors translated, and a check of the account.

boto3 is imported on the first connection, not with this module. No call is made with credentials
for an account other than the environment's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from hptc.aws.aws_errors import (
    aws_error,
    credentials_error,
    has_unknown_outcome,
    missing_region,
    was_retried,
)
from hptc.aws.call_log import log_calls
from hptc.aws.html_pages import reject_html
from hptc.aws.retry import Retry
from hptc.aws.sign_in import sign_in
from hptc.errors import AwsError
from hptc.project.project_file import Environment

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sts import STSClient

T = TypeVar("T")


class Connection:
    """A boto3 session with its clients, which are created on first use."""

    def __init__(
        self, environment: Environment | None, *, region: str | None, retry: Retry
    ) -> None:
        import boto3

        self.retry = retry
        self._environment = environment
        self._clients: dict[str, Any] = {}
        try:
            # boto3 finds credentials and profiles:
            # https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
            self._session = boto3.session.Session(
                region_name=region or (environment.region if environment else None)
            )
        except Exception as error:
            raise _translated(error, "", "", None) from None
        for service in ("cloudformation", "cloudwatch-logs", "sagemaker", "sts"):
            self._session.events.register(f"before-parse.{service}", reject_html)
        log_calls(self._session.events)
        self.region: str = self._session.region_name or ""
        if not self.region:
            raise missing_region()

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        """The SageMaker client."""
        return self._session.client("sagemaker", config=client_config())

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """The CloudFormation client."""
        return self._session.client("cloudformation", config=client_config())

    @cached_property
    def sts(self) -> STSClient:
        """The STS client, with the Region's own endpoint."""
        return self._session.client("sts", config=client_config())

    def client(self, service: str) -> Any:
        """The client of any other service. Its calls also go through `call`."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=client_config())  # type: ignore[call-overload]
        return self._clients[service]

    def call(
        self, action: str, do: Callable[[], T], *, request: Mapping[str, Any] | None = None
    ) -> T:
        """Make one call, with retries. `action` is its IAM action."""
        self._is_account_verified  # noqa: B018
        return self._call(action, do, request)

    def _call(self, action: str, do: Callable[[], T], request: Mapping[str, Any] | None) -> T:
        may_have_worked = False  # an attempt whose outcome AWS did not report

        def attempt() -> T:
            nonlocal may_have_worked
            self._load_credentials()
            try:
                return do()
            except Exception as error:
                translated = _translated(error, action, self.region, request)
                if isinstance(translated, AwsError):
                    translated.is_of_retry = may_have_worked or was_retried(error)
                    may_have_worked |= has_unknown_outcome(translated)
                raise translated from None

        return self.retry.call(attempt)

    def _load_credentials(self) -> None:
        """Load and refresh credentials, as a call does, so that an error is known to be theirs."""
        try:
            credentials = self._session.get_credentials()
            if credentials is not None:
                credentials.get_frozen_credentials()
        except Exception as error:
            raise credentials_error(error, region=self.region) or error from None

    @cached_property
    def _is_account_verified(self) -> bool:
        """Checked once. Raises AwsError if the credentials are for another account."""
        expected = self._environment
        if expected is None:
            return True
        answer = self._call("sts:GetCallerIdentity", lambda: self.sts.get_caller_identity(), None)
        account = answer["Account"]
        if account != expected.account:
            raise AwsError(
                f"the credentials are for account {account}, but the environment `{expected.name}` "
                f"is in account {expected.account}",
                help=f"{sign_in(expected.account)}; or choose another --env",
            )
        return True


def client_config() -> Config:
    """The configuration of every client: retries, timeouts and the user agent."""
    from botocore.config import Config

    return Config(
        retries={"mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        user_agent_extra="hptc",
    )


def _translated(
    error: Exception, action: str, region: str, request: Mapping[str, Any] | None
) -> Exception:
    return aws_error(error, action, region=region, request=request) or error
