"""Records the tuning jobs that a program creates in a sandbox, and creates the buckets it uses.

It is the WSGI application between the sandbox's server and its gateway.
"""

import json
import re
from collections.abc import Iterable
from io import BytesIO
from threading import Lock
from typing import Any

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from hptc.request.emission import Request
from hptc.request.shapes import OPERATION
from hptc.sandbox.local_clients import Application, Environ, StartResponse

_S3 = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request")
_BUCKET = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)")


class Recorder:
    """Keeps every CreateHyperParameterTuningJob request that the application behind it accepts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.requests: list[Request] = []
        self.buckets: set[str] = set()
        """The buckets that didn't exist before the program used them."""

    def wrap(self, application: Application, account: str) -> Application:
        """The application, recorded. A bucket that doesn't exist is created in `account`."""

        def recorded(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            self._create_bucket(environ, account)
            if environ.get("HTTP_X_AMZ_TARGET") != f"SageMaker.{OPERATION}":
                return application(environ, start_response)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)

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
        found = _BUCKET.match(environ.get("PATH_INFO", ""))
        if scope is None or found is None:
            return
        name = found[1]
        is_of_bucket = environ["PATH_INFO"].rstrip("/") == f"/{name}"
        if is_of_bucket and environ["REQUEST_METHOD"] in ("PUT", "DELETE"):
            return
        backend = s3_backends[account][get_partition(scope[1])]
        with self._lock:  # the parts of an upload arrive at the same time
            if name not in backend.buckets:
                backend.create_bucket(name, scope[1])
                self.buckets.add(name)
