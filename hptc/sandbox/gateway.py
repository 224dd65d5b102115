"""The WSGI application in front of moto: it selects the account and turns failures into 4xx.

moto alone serves one account to every caller except an assumed role, and answers 500 for what it
doesn't implement, which SDKs retry for up to a minute. The gateway answers 400 instead, in the
error format of the service's protocol. It handles one request at a time, because moto's state isn't
thread-safe.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.iam.models import get_account_id_from, iam_backends
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler

from hptc.frozen import frozen
from hptc.sandbox import stack_services
from hptc.sandbox.local_clients import Environ, StartResponse

moto_lock = Lock()
"""moto's state isn't thread-safe: whoever reads or changes it holds this lock."""

_KEY_PREFIX = "AKIAHPTC"
_CREDENTIAL = re.compile(r"Credential=([A-Z0-9a-z]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_HTTP_SERVER_ERROR = 500
_REST_XML = frozenset({"cloudfront", "route53"})  # and S3, whose errors have their own format


def access_key_for(account: str) -> str:
    """The access key ID that selects an account: 20 characters long, like AWS's."""
    return _KEY_PREFIX + account


# moto 5.2.1 and earlier use werkzeug's handler.
_RequestHandler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)


class QuietRequestHandler(_RequestHandler):  # type: ignore[misc]
    """moto's request handler, without a log line on stderr for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: the client gets every failure."""


class _Services(DomainDispatcherApplication):
    def get_backend_for_host(self, host: str | None) -> Any:
        is_local = host is None or "amazonaws.com" not in host
        if not is_local and not any(
            p.match(f"http://{host}") for _, p in self.backend_url_patterns
        ):
            raise NotImplementedError("moto does not implement this service")
        return super().get_backend_for_host(host)


class Gateway:
    """The WSGI application of a sandbox."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._services = _Services(create_backend_app)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        scope = credential_scope(environ)
        service = scope.service
        operation = _operation(environ)
        # moto prefers this header to the access key when it selects the account.
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account_for(scope.access_key)
        captured: list[Any] = []

        def capture_start(
            status: str, headers: list[tuple[str, str]], *_: Any
        ) -> Callable[..., Any]:
            captured[:] = [status, headers]
            return lambda data: None  # noqa: ARG005

        with moto_lock:
            try:
                if service in stack_services.SERVICES:
                    stack_services.install()
                body = b"".join(self._services(environ, capture_start))
            except NotImplementedError as error:
                reason = f"The sandbox does not implement {service}:{operation}: {error}"
                return error_response(environ, start_response, service, "NotImplemented", reason)
            except Exception as error:
                reason = (
                    f"The sandbox failed in {service}:{operation}: "
                    f"{type(error).__name__}: {str(error)[:500]}"
                )
                return error_response(environ, start_response, service, "SandboxFailure", reason)
        status, headers = captured
        if int(status.split()[0]) >= _HTTP_SERVER_ERROR:
            reason = f"The sandbox failed in {service}:{operation} with {status}."
            return error_response(environ, start_response, service, "SandboxFailure", reason)
        is_html = any(k.lower() == "content-type" and "text/html" in v for k, v in headers)
        if status.startswith(("404", "405")) and is_html and service != "s3":
            reason = f"The sandbox does not implement {service}:{operation}."
            return error_response(environ, start_response, service, "NotImplemented", reason)
        start_response(status, headers)
        return [body]

    def account_for(self, access_key: str) -> str:
        """The account of an access key: its own, that of an assumed role, or the sandbox's."""
        if re.fullmatch(_KEY_PREFIX + r"\d{12}", access_key):
            return access_key.removeprefix(_KEY_PREFIX)
        is_known = any(
            access_key in backend.access_keys
            for account in list(iam_backends.values())
            for backend in account.values()
        )
        return str(get_account_id_from(access_key)) if is_known else self._account


@frozen
class CredentialScope:
    """What a signature says about a request; empty for a request without a signature."""

    access_key: str
    region: str
    service: str


def credential_scope(environ: Environ) -> CredentialScope:
    """Read the signature of a request, in its header or query string."""
    query = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "") or f"Credential={query}")
    if match is None:
        return CredentialScope(access_key="", region="", service="unsigned")
    return CredentialScope(access_key=match[1], region=match[2], service=match[3])


def _operation(environ: Environ) -> str:
    """Return the operation's name, or the HTTP method and path. Restores a form's body."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rsplit(".", 1)[-1]
    action = parse_qs(environ.get("QUERY_STRING", "")).get("Action")
    if action is None and "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(form)
        action = parse_qs(form.decode(errors="replace")).get("Action")
    return action[0] if action else f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"


def request_id() -> str:
    """An identifier for an answer; moto's Step Functions need one in each."""
    return str(uuid.uuid4())


def error_response(
    environ: Environ, start_response: StartResponse, service: str, code: str, message: str
) -> list[bytes]:
    """Answer 400 in the error format that the service's clients parse."""
    content_type = environ.get("CONTENT_TYPE", "")
    if "json" in content_type or environ.get("HTTP_X_AMZ_TARGET"):
        body, media_type = (
            json.dumps({"__type": code, "message": message}),
            "application/x-amz-json-1.1",
        )
    else:
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if service == "s3":
            body, media_type = f"<Error>{error}</Error>", "application/xml"
        elif service == "ec2":
            body = f"<Response><Errors><Error>{error}</Error></Errors></Response>"
            media_type = "text/xml"
        elif "x-www-form-urlencoded" in content_type or service in _REST_XML:
            body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
            media_type = "text/xml"
        else:
            body, media_type = json.dumps({"message": message}), "application/json"
    data = body.encode()
    start_response(
        "400 Bad Request",
        [
            ("Content-Type", media_type),
            ("Content-Length", str(len(data))),
            ("x-amzn-ErrorType", code),
            ("x-amzn-RequestId", request_id()),
        ],
    )
    return [data]
