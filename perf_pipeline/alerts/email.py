"""Mailing an alert: plain text, to every recipient, through the mail server of PERF_SMTP_URL.

A password goes only over TLS, to a server whose certificate is accepted. Messages name host and port alone.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

import dagster as dg
from pydantic import SecretStr

from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError

_TIMEOUT_SECONDS = 10
_log = dg.get_dagster_logger("perf_pipeline")


@dataclass(frozen=True)
class Mail:
    """The mail server, and from whom to whom."""

    server: SecretStr
    sender: str
    recipients: list[str]

    def send(self, message: Message) -> None:
        """Mail the message. Raises PerfPipelineError unless the server took it for at least one recipient."""
        address = urlsplit(self.server.get_secret_value())
        try:
            with _connected(address) as smtp:
                _log_in(smtp, address)
                refused = smtp.send_message(self._letter(message))
        # smtplib's errors are OSErrors, and so are those of sockets and TLS.
        except OSError as error:
            raise _failure(address, _what(error)) from None
        if refused:
            _log.error("%s", _failure(address, f"refused {len(refused)} of {len(self.recipients)} recipients"))

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"] = message.headline
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.recipients)
        letter["Date"] = formatdate()
        letter["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        # Or absence notes would answer every alert.
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(f"{message.text}\n")
        return letter


def _connected(address: SplitResult) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    host, port = address.hostname or "", address.port or 0
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=trusted)
    smtp = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=trusted)
        elif address.username:
            raise smtplib.SMTPNotSupportedError
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, address: SplitResult) -> None:
    if address.username:
        smtp.login(unquote(address.username), unquote(address.password or ""))


def _what(error: OSError) -> str:
    """What happened, without the server's own words: they may repeat a user, or an address."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"refused the user or the password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no STARTTLS or no login, without which no password is sent"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "refused every recipient"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refused the message ({error.smtp_code})"
    if isinstance(error, ssl.SSLError):
        return "speaks no TLS there, or has a certificate that is not accepted"
    return f"can't be reached ({type(error).__name__})"


def _failure(address: SplitResult, what: str) -> PerfPipelineError:
    where = f"{address.hostname}:{address.port}" if address.port else address.hostname
    return PerfPipelineError(
        f"The mail server {where} {what}; the alert did not reach everybody by e-mail.",
        next_step="check PERF_SMTP_URL, PERF_ALERT_EMAIL_TO and PERF_ALERT_EMAIL_FROM.",
    )
