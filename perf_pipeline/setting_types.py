"""The types of PERF_* variables that need more than pydantic's own checks.

Here: what a value must look like. Not here: which variables there are (`settings`). No message shows a value, because it
may hold a password.
"""

import re
from datetime import date
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, AnyUrl, BeforeValidator, HttpUrl, SecretStr, Strict, UrlConstraints
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_DRIVER = "postgresql+psycopg2"
_QUERY: dict[str, tuple[str, ...]] = {
    "host": (),
    "port": (),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslrootcert": (),
    "sslcert": (),
    "sslkey": (),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "application_name": (),
    "connect_timeout": (),
    "options": (),
}
"""Parameters of a database URL, with their values where only some can be."""
_FIRST_POSSIBLE_DAY = date(2021, 1, 1)
# Libraries don't serve: the standard library's parser breaks off with an IndexError on some values, and email-validator
# refuses hosts without a dot.
_EMAIL_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)


def with_driver(url: str) -> str:
    """A PostgreSQL URL that names psycopg2: SQLAlchemy 2.1 reads a bare `postgresql://` as another driver.

    Raises ValueError, whose text shows nothing of the URL but the name of its driver.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # SQLAlchemy's ValueError quotes what stands where the port should, which may be the password.
        raise ValueError("is not a database URL; expected postgresql+psycopg2://user@host:port/database") from None
    if "@" in (parsed.host or ""):
        raise ValueError("has an @ in its user or password; write it as %40")
    if parsed.drivername not in ("postgres", "postgresql", _DRIVER):
        raise ValueError(f"names the driver {parsed.drivername}; only PostgreSQL through psycopg2 is supported")
    for name, value in parsed.query.items():
        # libpq would quote both, and a password with a question mark makes its rest a parameter.
        if name not in _QUERY:
            raise ValueError(f"has an unknown parameter after the question mark; known are {', '.join(_QUERY)}")
        if _QUERY[name] and value not in _QUERY[name]:
            raise ValueError(f"has a wrong value for its parameter {name}; expected one of {', '.join(_QUERY[name])}")
    return parsed.set(drivername=_DRIVER).render_as_string(hide_password=False)


def _database_url(value: SecretStr) -> SecretStr:
    return SecretStr(with_driver(value.get_secret_value()))


def _first_day(value: date) -> date:
    if value < _FIRST_POSSIBLE_DAY:
        raise ValueError(f"must be {_FIRST_POSSIBLE_DAY} or later, the first month ever published")
    return value


def _folder(value: str) -> str:
    if "://" in value:
        raise ValueError("must be a folder; an address can't be used for it")
    return value


def _start_of_links(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("holds a user or password, which every link would show")
    if url.query or url.fragment:
        raise ValueError("holds a ? or #; expected only where the site begins, such as https://dagit.example")
    return url


def _source_address(url: HttpUrl) -> HttpUrl:
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("holds a user name, a password or a query; expected an address alone")
    return url


def _mail_server(url: AnyUrl) -> AnyUrl:
    if (url.path or "").strip("/") or url.query or url.fragment:
        raise ValueError("holds more than user, password, host and port; write a / of a password as %2F")
    if not unquote(str(url)).isascii():
        raise ValueError("holds letters beyond ASCII, which mail servers accept in no user or password")
    if bool(url.username) != bool(url.password):
        raise ValueError("holds only one of user and password; expected smtp://user:password@host:port")
    return url


def _email_address(value: str) -> str:
    if not _EMAIL_ADDRESS.fullmatch(value):
        raise ValueError("is not a plain e-mail address, such as team@service.example")
    return value


def _split_at_commas(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
FirstDay = Annotated[date, AfterValidator(_first_day)]
Folder = Annotated[str, AfterValidator(_folder)]
# Without Strict, parsers of URLs repair what is wrong: `https:///secret` would name the host `secret`.
WebAddress = Annotated[HttpUrl, Strict()]
StartOfLinks = Annotated[WebAddress, AfterValidator(_start_of_links)]
SourceAddress = Annotated[WebAddress, AfterValidator(_source_address)]
MailServer = Annotated[
    AnyUrl,
    UrlConstraints(allowed_schemes=["smtp", "smtps"], host_required=True),
    Strict(),
    AfterValidator(_mail_server),
]
EmailAddress = Annotated[str, AfterValidator(_email_address)]
EmailAddresses = Annotated[tuple[EmailAddress, ...], BeforeValidator(_split_at_commas)]
