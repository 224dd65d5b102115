"""Lets programs on this machine use the sandbox, but no web page.

A page in a browser can send requests to any port of the loopback address. A browser marks them:
with `Origin`, with fetch metadata, or, after DNS rebinding, with a foreign `Host`.
https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_OWN_NAMES = frozenset({"127.0.0.1", "localhost"})
_BROWSER_HEADERS = {
    "HTTP_ORIGIN": "Origin",
    "HTTP_SEC_FETCH_SITE": "Sec-Fetch-Site",
    "HTTP_SEC_FETCH_MODE": "Sec-Fetch-Mode",
}
_MOTO_API = "moto-api"


class LocalClients:
    """A WSGI application that passes on the requests of AWS clients and refuses all others."""

    def __init__(self, application: Application, port: int) -> None:
        self._application = application
        self._port = port

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        reason = self._refusal(environ)
        if reason:
            body = f"hptc sandbox: refused: {reason}\n".encode()
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            start_response("403 Forbidden", headers)
            return [body]

        def start_without_cors(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [
                header for header in headers if not header[0].lower().startswith("access-control-")
            ]
            return start_response(status, kept, *rest)

        return self._application(environ, start_without_cors)

    def _refusal(self, environ: Environ) -> str:
        for key, header in _BROWSER_HEADERS.items():
            if key in environ:
                return f"the header {header} comes from a browser"
        if not self._is_own_host(environ.get("HTTP_HOST", "")):
            return f"the Host is not 127.0.0.1:{self._port}"
        # It resets and seeds all state, for everyone who reaches the port.
        if environ.get("PATH_INFO", "").lstrip("/").startswith(_MOTO_API):
            return "moto's own API is closed"
        return ""

    def _is_own_host(self, host: str) -> bool:
        name, _, port = host.lower().partition(":")
        return name in _OWN_NAMES and port == str(self._port)
