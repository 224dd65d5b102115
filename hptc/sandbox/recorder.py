"""Records the tuning jobs that a program creates in a sandbox, with the buckets and roles it names.

It is the WSGI application between the sandbox's server and its gateway.
"""

import json
import re
from collections.abc import Iterable
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from hptc.request.emission import Request
from hptc.request.shapes import OPERATION
from hptc.sandbox.gateway import moto_lock
from hptc.sandbox.iam import execution_role
from hptc.sandbox.local_clients import Application, Environ, StartResponse

_S3 = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request")
_IAM = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/iam/aws4_request")
_BUCKET = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)")


class Recorder:
    """Keeps every CreateHyperParameterTuningJob request that the application behind it accepts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.requests: list[Request] = []
        self.buckets: set[str] = set()
        """The buckets that didn't exist before the program used them."""

    def wrap(self, application: Application, account: str) -> Application:
        """The application, recorded. Missing buckets and roles are created in `account`."""

        def recorded(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            self._create_bucket(environ, account)
            self._create_role(environ, account)
            if environ.get("HTTP_X_AMZ_TARGET") != f"SageMaker.{OPERATION}":
                return application(environ, start_response)
            body = _body(environ)

            def start(status: str, *rest: Any) -> Any:
                if status.startswith("200"):
                    self.requests.append(json.loads(body))
                return start_response(status, *rest)

            return application(environ, start)

        return recorded

    def _create_bucket(self, environ: Environ, account: str) -> None:
        """Create the bucket of an S3 request, unless the request itself creates or deletes it.

        The program's own buckets are in its account, where they exist.
        """
        scope = _S3.search(environ.get("HTTP_AUTHORIZATION", ""))
        bucket = _BUCKET.match(environ.get("PATH_INFO", ""))
        if scope is None or bucket is None:
            return
        name = bucket[1]
        is_of_bucket = environ["PATH_INFO"].rstrip("/") == f"/{name}"
        if is_of_bucket and environ["REQUEST_METHOD"] in ("PUT", "DELETE"):
            return
        backend = s3_backends[account][get_partition(scope[1])]
        with self._lock:  # the parts of an upload arrive at the same time
            if name not in backend.buckets:
                backend.create_bucket(name, scope[1])
                self.buckets.add(name)

    def _create_role(self, environ: Environ, account: str) -> None:
        """Create the role that a program looks up, as version 3 of the SageMaker SDK does.

        The program's own roles are in its account, where they exist.
        """
        scope = _IAM.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return
        form = parse_qs(_body(environ).decode(errors="replace"))
        if form.get("Action") == ["GetRole"] and form.get("RoleName"):
            with moto_lock:
                execution_role(form["RoleName"][0], account, get_partition(scope[1]))


def _body(environ: Environ) -> bytes:
    """The body of a request, which can be read again."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body
