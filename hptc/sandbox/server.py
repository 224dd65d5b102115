"""The sandbox: a local AWS endpoint that runs for the duration of a `with` block.

It replaces AWS in demos and tests. It enforces no permissions.
"""

import logging
import os
import re
import shutil
import socket
import subprocess
from contextlib import ExitStack
from difflib import get_close_matches
from functools import cache
from textwrap import fill
from threading import Lock, Thread
from types import TracebackType
from typing import Self

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.utilities.utils import get_partition
from werkzeug.serving import BaseWSGIServer, make_server

from hptc.aws.regions import sagemaker_regions
from hptc.errors import OperationError, UsageError
from hptc.local.run_options import RunOptions
from hptc.sandbox import iam, s3, sagemaker, stack_services, training_log_events
from hptc.sandbox.faults import Fault, FaultyService
from hptc.sandbox.gateway import Gateway, QuietRequestHandler, access_key_for
from hptc.sandbox.local_clients import Application, LocalClients
from hptc.sandbox.recorder import Recorder
from hptc.sandbox.sagemaker import TuningService
from hptc.sandbox.state_folder import state_folder
from hptc.sandbox.tuning_store import TuningMode, TuningSettings

_LOOPBACK = "127.0.0.1"
_REGIONS_PAGE = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"
_MODES: dict[TuningMode, str] = {
    "placeholder": (
        "It trains nothing. A tuning job is Completed immediately, with one placeholder training "
        "job."
    ),
    "held": "It trains nothing. A tuning job stays InProgress until it is stopped.",
    "dry": (
        "It trains nothing. Tuning jobs run with values that are made up from the hyperparameters."
    ),
    "train": "Training jobs run on this machine, as `hptc local run` runs them.",
}
_NO_PERMISSIONS = (
    "It enforces no permissions: IAM, bucket and key policies are stored but not evaluated."
)
_WIDTH = 80  # columns, of a terminal
_SECONDS_TO_STOP = 0.05  # by default, it would be up to half a second
_open_sandboxes = 0
_count_lock = Lock()


class Sandbox:
    """A local AWS endpoint on one loopback port, as a context manager.

    `account` is the account of the sandbox's credentials; a role assumed in another account acts in
    that account. `port` 0 picks a free port. State belongs to the process: sandboxes that are open
    at the same time share each account's resources, and closing the last one deletes everything.
    `tuning` is what tuning jobs do, and `options` say how their training jobs run. `recorder` gets
    the tuning jobs that clients create; with it, requests are accepted that AWS would refuse.

    Raises UsageError for an invalid account or an unknown Region, OperationError for a port in use.
    """

    def __init__(
        self,
        port: int = 0,
        account: str = "123456789012",
        region: str = "us-east-1",
        tuning: TuningMode = "placeholder",
        options: RunOptions | None = None,
        faults: tuple[Fault, ...] = (),
        recorder: Recorder | None = None,
    ) -> None:
        if not re.fullmatch(r"\d{12}", account):
            raise UsageError(f"an AWS account ID must have 12 digits, but is {account!r}")
        check_region(region)
        self.account = account
        self.region = region
        self._port = port
        self._settings = TuningSettings(
            mode=tuning, accepts_all=recorder is not None, options=options or RunOptions()
        )
        self._faults = faults
        self._recorder = recorder
        self._home = ""
        self._closing = ExitStack()

    @property
    def port(self) -> int:
        """The port it listens on, 0 before it is opened."""
        return self._port

    @property
    def partition(self) -> str:
        """The partition of its Region, such as `aws`."""
        return get_partition(self.region)

    @property
    def endpoint_url(self) -> str:
        """The URL it listens on. With an IP address, every SDK uses path-style S3 requests."""
        return f"http://{_LOOPBACK}:{self._port}"

    def environment(self) -> dict[str, str]:
        """The variables that make boto3, the AWS CLI and the CDK use only the sandbox."""
        node_options = os.environ.get("NODE_OPTIONS", "")
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key_for(self.account),
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "CDK_HOME": self._home,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
            "CDK_NOTICES": "false",
            "NO_PROXY": _LOOPBACK,
            "no_proxy": _LOOPBACK,
            "NODE_OPTIONS": " ".join(dict.fromkeys([*node_options.split(), "--no-warnings"])),
        }
        node = _node_major_version(os.environ.get("JSII_NODE", "node"))
        if node:
            variables["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = node
        return variables

    @property
    def folder(self) -> str:
        """The folder of its temporary files, while it is open."""
        return self._home

    def describe(self) -> str:
        """What the sandbox is, which services it covers, and what it does not do."""
        covered = (
            "It covers CloudFormation (cdk bootstrap, deploy, diff, destroy), IAM, S3, KMS, EC2 "
            "networking, STS, SSM, Step Functions and SageMaker tuning jobs."
        )
        rejected = (
            "It rejects stacks with resource types that it doesn't support, ignores properties "
            "that it doesn't support, and runs no custom resources."
        )
        paragraphs = (
            "Nothing leaves this machine, and nothing costs money.",
            covered,
            f"{_MODES[self._settings.mode]} Schedules never fire.",
            f"{_NO_PERMISSIONS} It checks no quotas.",
            rejected,
            "Its state is lost when it stops.",
        )
        return "\n".join(
            (
                f"hptc sandbox: a local AWS endpoint (moto) at {self.endpoint_url}",
                f"  account {self.account}, Region {self.region}",
                *(
                    fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
                    for text in paragraphs
                ),
            )
        )

    def __enter__(self) -> Self:
        """Start listening."""
        _install()
        with ExitStack() as opening:
            opening.callback(_reset_if_last)
            _change_open_count(1)
            server = self._bind()
            opening.callback(server.server_close)
            self._home = str(opening.enter_context(state_folder()))
            sagemaker.configure(self.account, self._settings)
            stack_services.set_service_port(self._port)
            thread = Thread(
                target=server.serve_forever,
                kwargs={"poll_interval": _SECONDS_TO_STOP},
                name="hptc-sandbox",
                daemon=True,
            )
            thread.start()
            opening.callback(thread.join)
            opening.callback(server.shutdown)
            self._closing = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, and delete all state if no other sandbox is open."""
        self._closing.close()

    def _application(self) -> Application:
        application: Application = TuningService(Gateway(self.account))
        if self._faults:
            application = FaultyService(application, self._faults)
        return self._recorder.wrap(application, self.account) if self._recorder else application

    def _bind(self) -> BaseWSGIServer:
        # werkzeug would exit the process if the port is in use.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((_LOOPBACK, self._port))
            except OSError as error:
                raise OperationError(
                    f"the sandbox cannot listen on port {self._port}: {error.strerror}",
                    help="choose another port, or 0 to pick a free one",
                ) from error
            listener.listen()
            self._port = listener.getsockname()[1]
            return make_server(
                _LOOPBACK,
                self._port,
                LocalClients(self._application(), self._port),
                threaded=True,
                request_handler=QuietRequestHandler,
                fd=listener.fileno(),
            )


def check_region(region: str) -> None:
    """Raise UsageError unless SageMaker runs in `region`, in any partition.

    moto accepts an unknown Region in some services and fails with a KeyError in the others.
    """
    regions = sagemaker_regions()
    if region in regions:
        return
    similar = get_close_matches(region.lower(), regions, n=1, cutoff=0.8)
    raise UsageError(
        f"`{region}` is not an AWS Region that has SageMaker",
        help=(f"did you mean `{similar[0]}`? " if similar else "")
        + f"{_REGIONS_PAGE} lists the Regions; for other partitions, call "
        '`boto3.Session().get_available_regions("sagemaker", partition_name="aws-cn")`',
    )


def _change_open_count(change: int) -> int:
    global _open_sandboxes
    with _count_lock:
        _open_sandboxes += change
        return _open_sandboxes


def _reset_if_last() -> None:
    if _change_open_count(-1) == 0:
        sagemaker.reset()
        BackendDict.reset()
        reset_model_data()


@cache
def _install() -> None:
    """Extend moto, once per process."""
    # Without a handler, log records go to stderr; the response has what matters.
    logging.getLogger("moto").addHandler(logging.NullHandler())
    iam.install()
    s3.install()
    training_log_events.install()


@cache
def _node_major_version(node: str) -> str:
    """Node's major version, "" without Node. jsii warns about old versions unless one is named."""
    if shutil.which(node) is None:
        return ""
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", done.stdout)
    return match[1] if match else ""
