"""Serves studies with optuna-dashboard on this machine, read-only.

optuna-dashboard itself answers any request that reaches its port, whatever its `Host`, and some of
them delete studies: a web page could send them after DNS rebinding. Here, the studies are copies in
memory, a foreign `Host` is refused, and so is every request that could change something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from threading import Thread
from types import TracebackType
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from optuna_dashboard import wsgi

from hptc.results.optuna_studies import Study
from hptc.results.study_files import in_memory

_LOOPBACK = "127.0.0.1"
_OWN_NAMES = frozenset({_LOOPBACK, "localhost"})
_StartResponse = Callable[..., Any]
_READ_METHODS = frozenset({"GET", "HEAD"})


class StudyDashboard:
    """A dashboard on a free loopback port, as a context manager.

    Nothing is written, and nothing is left at its end. Raises OSError if no port is free.
    """

    def __init__(self, studies: Sequence[Study]) -> None:
        self._page = wsgi(in_memory(studies))
        self._server = make_server(
            _LOOPBACK, 0, self._answer, server_class=_Server, handler_class=_QuietHandler
        )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{_LOOPBACK}:{self._server.server_port}/dashboard"

    def show(self, studies: Sequence[Study]) -> None:
        """Replace the studies. Trials keep their places, so that an open page follows."""
        self._page = wsgi(in_memory(studies))

    def __enter__(self) -> Self:
        """Start answering requests."""
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        name, _, port = environ.get("HTTP_HOST", "").lower().partition(":")
        if name not in _OWN_NAMES or port != str(self._server.server_port):
            return _refuse(start_response, "403 Forbidden", f"the Host is not {self.url}")
        if environ["REQUEST_METHOD"] not in _READ_METHODS:
            return _refuse(start_response, "405 Method Not Allowed", "the dashboard is read-only")
        answer: Iterable[bytes] = self._page(environ, start_response)
        return answer


def _refuse(start_response: _StartResponse, status: str, reason: str) -> Iterable[bytes]:
    body = f"hptc: refused: {reason}\n".encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Print no line for each request."""
