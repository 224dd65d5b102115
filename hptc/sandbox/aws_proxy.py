"""An HTTPS proxy that answers for AWS's own hosts with a sandbox and refuses every other host.

Programs name some endpoints themselves, whatever AWS_ENDPOINT_URL says: the SageMaker SDK calls
https://sts.REGION.amazonaws.com. A client with this proxy and its certificate authority reaches
the sandbox there too, and nothing leaves the machine.
"""

import datetime
import re
import socket
import socketserver
import ssl
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LOOPBACK = "127.0.0.1"
_AWS_HOST = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|api\.aws)")
_S3_BUCKET = re.compile(r"(.+)\.s3[.-]")
_MAX_HEAD = 65_536
_HEAD_END = b"\r\n\r\n"
_TIMEOUT_SECONDS = 60
_REPLACED = ("host:", "connection:", "expect:")
_REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"hptc capture blocks connections to other machines.\n"
)


class AwsProxy:
    """The proxy in front of the sandbox on `port`, as a context manager.

    `folder` receives the certificates; they are valid for a day, and their keys stay in it.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.refused: set[str] = set()
        """The hosts other than AWS's that a program tried to reach."""
        self._sandbox_port = port
        self._authority = _Authority(folder)
        self._server = _Server((_LOOPBACK, 0), _Handler)
        self._server.proxy = self
        self._thread = Thread(target=self._server.serve_forever, name="hptc-proxy", daemon=True)

    def environment(self) -> dict[str, str]:
        """The variables that make clients use the proxy and trust its certificates."""
        url = f"http://{_LOOPBACK}:{self._server.server_address[1]}"
        bundle = str(self._authority.bundle)
        proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        bundles = (
            *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
            *("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"),
        )
        return {
            **dict.fromkeys((*proxies, *(name.lower() for name in proxies)), url),
            **dict.fromkeys(bundles, bundle),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def __enter__(self) -> Self:
        """Start listening on a free loopback port."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, client: socket.socket) -> None:
        """Answer one connection of a client."""
        client.settimeout(_TIMEOUT_SECONDS)
        head, _ = _read_head(client)
        method, _, rest = head.decode("latin-1").partition(" ")
        target = rest.split(" ", 1)[0]
        host = re.sub(r"^\w+://|[:/].*$", "", target).lower()
        if method != "CONNECT" or _AWS_HOST.fullmatch(host) is None:
            self.refused.add(host)
            client.sendall(_REFUSED)
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._authority.context(host).wrap_socket(client, server_side=True) as secure:
            head, start = _read_head(secure)
            body = _read_body(secure, head.decode("latin-1").lower(), start)
            address = (_LOOPBACK, self._sandbox_port)
            with socket.create_connection(address, timeout=_TIMEOUT_SECONDS) as sandbox:
                sandbox.sendall(self._for_sandbox(head, host) + body)
                while part := sandbox.recv(_MAX_HEAD):
                    secure.sendall(part)

    def _for_sandbox(self, head: bytes, host: str) -> bytes:
        """A request's head, as the sandbox expects it: its own host, and S3 buckets in the path."""
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        bucket = _S3_BUCKET.match(host)
        if bucket is not None:
            method, _, rest = first.partition(" ")
            first = f"{method} /{bucket[1]}{rest}"
        kept = [line for line in lines if not line.lower().startswith(_REPLACED)]
        own = f"Host: {_LOOPBACK}:{self._sandbox_port}"
        return "\r\n".join((first, own, "Connection: close", *kept, "", "")).encode("latin-1")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    proxy: AwsProxy


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        with suppress(OSError):  # a client that goes away, or doesn't trust the certificate
            self.server.proxy.serve(self.request)


def _read_head(stream: socket.socket) -> tuple[bytes, bytes]:
    """The request line with its headers, and what was read of the body."""
    received = b""
    while _HEAD_END not in received:
        part = stream.recv(_MAX_HEAD)
        if not part or len(received) > _MAX_HEAD:
            raise ConnectionError("no request")
        received += part
    head, _, body = received.partition(_HEAD_END)
    return head + _HEAD_END, body


def _read_body(stream: socket.socket, head: str, received: bytes) -> bytes:
    """The body of a request, of which `received` is the start. `head` is in lower case."""
    if "\r\nexpect: 100-continue\r\n" in head:
        stream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    is_chunked = re.search(r"\r\ntransfer-encoding:.*\bchunked", head) is not None
    length = re.search(r"\r\ncontent-length: *(\d+)", head)
    size = int(length[1]) if length else 0
    while not received.endswith(b"0\r\n\r\n") if is_chunked else len(received) < size:
        part = stream.recv(_MAX_HEAD)
        if not part:
            raise ConnectionError("the request has no end")
        received += part
    return received


class _Authority:
    """A certificate authority that exists for one run."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "authority.pem"
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hptc sandbox")])
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = Lock()
        basic = x509.BasicConstraints(ca=True, path_length=0)
        certificate = self._builder(self._name, self._key).add_extension(basic, critical=True)
        self.bundle.write_bytes(self._signed(certificate))

    def context(self, host: str) -> ssl.SSLContext:
        """The server's side of a TLS connection to `host`."""
        with self._lock:
            if host not in self._contexts:
                key = ec.generate_private_key(ec.SECP256R1())
                names = x509.SubjectAlternativeName([x509.DNSName(host)])
                builder = self._builder(x509.Name([]), key).add_extension(names, critical=True)
                file = self._folder / f"{len(self._contexts)}.pem"
                file.touch(mode=0o600)
                file.write_bytes(
                    key.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    )
                    + self._signed(builder)
                )
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(file)
                self._contexts[host] = context
            return self._contexts[host]

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(identifier, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)
