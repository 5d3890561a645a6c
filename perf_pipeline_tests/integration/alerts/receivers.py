"""Real receivers of alerts: a webhook over HTTP, and a mail server that speaks SMTP with TLS and logins."""

import asyncio
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
WEBHOOK_PATH = "/services/sekret"
USER, PASSWORD = "alerts", "p@ss/sekret"


@dataclass
class WebhookServer:
    """A webhook: what it received, and how it answers."""

    url: str
    received: list[dict[str, Any]] = field(default_factory=list)
    tries_count: int = 0
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; 200 when they are used up."""
    always: int | None = None
    """The status of every answer, if any."""

    def reset(self) -> None:
        """Forget what was received, and accept everything."""
        vars(self).update(vars(WebhookServer(self.url)))

    def answer(self, path: str, body: bytes) -> int:
        """Receive what was posted. Returns the status, which is 404 for any other path than the secret one."""
        self.tries_count += 1
        status = self.always or (self.answers.pop(0) if self.answers else 200)
        if not path.endswith(WEBHOOK_PATH):
            return 404
        if status == 200:
            self.received.append(json.loads(body))
        return status


@contextmanager
def webhook_server(tls: ssl.SSLContext | None = None) -> Iterator[WebhookServer]:
    """Serve a webhook at the secret path, over TLS if any."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = webhook.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", webhook.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the tests read the log."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    webhook = WebhookServer(f"http{'s' if tls else ''}://{HOST}:{server.server_port}{WEBHOOK_PATH}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield webhook
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Arrived:
    """A letter, and how it came."""

    letter: EmailMessage
    recipients: list[str]
    is_encrypted: bool
    is_logged_in: bool


@dataclass
class MailServer:
    """A mail server: what arrived, and which recipients it refuses."""

    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Forget what arrived, and refuse nobody."""
        vars(self).update(vars(MailServer(self.port)))

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.arrived.append(Arrived(letter, envelope.rcpt_tos, session.ssl is not None, bool(session.authenticated)))
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:  # noqa: ANN401
    """Serve mail with the options of aiosmtpd."""
    server = MailServer()
    controller = _AnyPort(server, hostname=HOST, port=0, **options)
    controller.start()
    server.port = controller.port
    yield server
    controller.stop()


def accepts(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword) -> AuthResult:
    """Accept the one user with the one password."""
    return AuthResult(success=given == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


def certificate_for_this_host(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """The TLS of a server, and the certificate that a client must trust."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key_file)
    return context, file
