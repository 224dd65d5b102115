"""The door in front of moto: which account a request is for, and how it fails.

Without this, moto puts every request that does not come from an assumed role into one account, and
answers 500 to whatever it lacks, which an SDK retries for up to a minute. Here an unmet request is
a 4xx in the shape of the service's protocol, and requests are answered one at a time, since moto's
state is not made for threads.
"""

import json
import re
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

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_KEY_PREFIX = "AKIAHPTC"
_CREDENTIAL = re.compile(r"Credential=([A-Z0-9a-z]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_HTTP_SERVER_ERROR = 500
_REST_XML = frozenset({"cloudfront", "route53"})  # with S3, which has a shape of its own


def access_key_of(account: str) -> str:
    """Name the access key whose requests are for this account: 20 characters, as AWS's are."""
    return _KEY_PREFIX + account


# moto 5.2.1 uses werkzeug's own handler still.
_RequestHandler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)


class QuietRequestHandler(_RequestHandler):  # type: ignore[misc]
    """moto's request handler, without a line on stderr for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing; a failure reaches the client."""


class _Services(DomainDispatcherApplication):
    def get_backend_for_host(self, host: str | None) -> Any:
        known = host is None or "amazonaws.com" not in host
        if not known and not any(p.match(f"http://{host}") for _, p in self.backend_url_patterns):
            raise NotImplementedError("moto does not have this service")
        return super().get_backend_for_host(host)


class Gateway:
    """The WSGI application of a sandbox."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._services = _Services(create_backend_app)
        self._lock = Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        access_key, service = _signature(environ)
        operation = _operation(environ)
        # moto takes the account from this header before it looks at the access key.
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(access_key)
        answer: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[..., Any]:
            answer[:] = [status, headers]
            return lambda data: None  # noqa: ARG005

        with self._lock:
            try:
                body = b"".join(self._services(environ, remember))
            except NotImplementedError as error:
                reason = f"The sandbox does not implement {service}:{operation}: {error}"
                return _refuse(environ, start_response, service, "NotImplemented", reason)
            except Exception as error:
                reason = (
                    f"The sandbox failed at {service}:{operation}: "
                    f"{type(error).__name__}: {str(error)[:500]}"
                )
                return _refuse(environ, start_response, service, "SandboxFailure", reason)
        status, headers = answer
        if int(status.split()[0]) >= _HTTP_SERVER_ERROR:
            reason = f"The sandbox failed at {service}:{operation} with {status}."
            return _refuse(environ, start_response, service, "SandboxFailure", reason)
        is_page = any(k.lower() == "content-type" and "text/html" in v for k, v in headers)
        if status.startswith(("404", "405")) and is_page and service != "s3":
            reason = f"The sandbox does not implement {service}:{operation}."
            return _refuse(environ, start_response, service, "NotImplemented", reason)
        start_response(status, headers)
        return [body]

    def _account_of(self, access_key: str) -> str:
        if re.fullmatch(_KEY_PREFIX + r"\d{12}", access_key):
            return access_key.removeprefix(_KEY_PREFIX)
        known = any(
            access_key in backend.access_keys
            for account in list(iam_backends.values())
            for backend in account.values()
        )
        return str(get_account_id_from(access_key)) if known else self._account


def _signature(environ: Environ) -> tuple[str, str]:
    """Take the access key and the service from the header or the query of a signed request."""
    query = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "") or f"Credential={query}")
    return (found[1], found[3]) if found else ("", "unsigned")


def _operation(environ: Environ) -> str:
    """Name the operation where the request does; a form's body is read and put back."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rsplit(".", 1)[-1]
    action = parse_qs(environ.get("QUERY_STRING", "")).get("Action")
    if action is None and "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(form)
        action = parse_qs(form.decode(errors="replace")).get("Action")
    return action[0] if action else f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"


def _refuse(
    environ: Environ, start_response: StartResponse, service: str, code: str, message: str
) -> list[bytes]:
    """Answer 400 in the shape that the service's clients parse."""
    content_type = environ.get("CONTENT_TYPE", "")
    if "json" in content_type or environ.get("HTTP_X_AMZ_TARGET"):
        body, kind = json.dumps({"__type": code, "message": message}), "application/x-amz-json-1.1"
    else:
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if service == "s3":
            body, kind = f"<Error>{error}</Error>", "application/xml"
        elif service == "ec2":
            body = f"<Response><Errors><Error>{error}</Error></Errors></Response>"
            kind = "text/xml"
        elif "x-www-form-urlencoded" in content_type or service in _REST_XML:
            body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
            kind = "text/xml"
        else:
            body, kind = json.dumps({"message": message}), "application/json"
    data = body.encode()
    start_response(
        "400 Bad Request",
        [
            ("Content-Type", kind),
            ("Content-Length", str(len(data))),
            ("x-amzn-ErrorType", code),
        ],
    )
    return [data]
