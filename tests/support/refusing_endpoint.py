"""A SageMaker endpoint on loopback that answers from a script."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

JOB_ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/a-job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int
    body: str
    kind: str = "application/x-amz-json-1.1"


CREATED = Answer(status=200, body=json.dumps({"HyperParameterTuningJobArn": JOB_ARN}))


def refusal(code: str, message: str, status: int = 400) -> Answer:
    return Answer(status=status, body=json.dumps({"__type": code, "message": message}))


@dataclass(slots=True)
class Refusing:
    """The URL of the endpoint, and the operations called, in order."""

    url: str = ""
    operations: list[str] = field(default_factory=list)


@contextmanager
def refusing(answers: Sequence[Answer]) -> Iterator[Refusing]:
    """Answer each Create call with the next answer, then repeat the last one. No job exists."""
    left = deque(answers)
    state = Refusing()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            state.operations.append(operation)
            if operation == "DescribeHyperParameterTuningJob":
                answer = refusal("ResourceNotFound", "there is no such job")
            else:
                answer = left.popleft() if len(left) > 1 else left[0]
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
