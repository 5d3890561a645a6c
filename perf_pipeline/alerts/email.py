"""Mailing an alert: plain text, to every recipient, through the mail server of PERF_SMTP_URL.

A password goes only over TLS, to a server with a valid certificate. Messages name host and port alone.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote

import dagster as dg
from pydantic import AnyUrl, Secret

from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError

_TIMEOUT_SECONDS = 10
_log = dg.get_dagster_logger("perf_pipeline")


@dataclass(frozen=True)
class Mail:
    """The mail server, the sender and the recipients."""

    server: Secret[AnyUrl]
    sender: str
    recipients: tuple[str, ...]

    def check(self) -> str:
        """Connect to the mail server and log in, and mail nothing. Raises PerfPipelineError when that fails."""
        url = self.server.get_secret_value()
        try:
            with _connected(url) as smtp:
                _log_in(smtp, url)
                smtp.noop()
        except OSError as error:
            raise PerfPipelineError(
                f"The mail server {_place(url)} {_what_failed(error)}.", next_step="check PERF_SMTP_URL."
            ) from None
        return f"{_place(url)} {'accepts the login' if url.username else 'answers'}; nothing was mailed"

    def send(self, message: Message) -> None:
        """Mail the message. Raises PerfPipelineError unless the server accepts it for at least one recipient."""
        url = self.server.get_secret_value()
        try:
            with _connected(url) as smtp:
                _log_in(smtp, url)
                refused = smtp.send_message(self._letter(message))
        # The errors of smtplib, sockets and TLS are all OSErrors.
        except OSError as error:
            raise _failure(url, _what_failed(error)) from None
        if refused:
            _log.error("%s", _failure(url, f"refused {len(refused)} of {len(self.recipients)} recipients"))

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"] = message.headline
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.recipients)
        letter["Date"] = formatdate()
        letter["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        # Otherwise out-of-office replies would answer every alert.
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(f"{message.text}\n")
        return letter


def _connected(url: AnyUrl) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    # Sockets take an IPv6 address without its brackets.
    host, port = (url.host or "").strip("[]"), url.port or 0
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=tls)
    smtp = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=tls)
        elif url.username:
            raise smtplib.SMTPNotSupportedError
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, url: AnyUrl) -> None:
    if url.username:
        smtp.login(unquote(url.username), unquote(url.password or ""))


def _place(url: AnyUrl) -> str:
    return f"{url.host}:{url.port}" if url.port else str(url.host)


def _what_failed(error: OSError) -> str:
    """What failed, without the server's own words, which may repeat a user or an address."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"refused the user or the password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no STARTTLS or no login, and no password is sent without them"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "refused every recipient"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refused the message ({error.smtp_code})"
    if isinstance(error, ssl.SSLError):
        return "offers no TLS on that port, or has an invalid certificate"
    return f"can't be reached ({type(error).__name__})"


def _failure(url: AnyUrl, what: str) -> PerfPipelineError:
    return PerfPipelineError(
        f"The mail server {_place(url)} {what}; not every recipient received the alert.",
        next_step="check PERF_SMTP_URL, PERF_ALERT_EMAIL_TO and PERF_ALERT_EMAIL_FROM.",
    )
