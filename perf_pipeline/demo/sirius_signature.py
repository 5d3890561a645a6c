"""Checks the AWS Signature Version 4 of a request, as the gateway in front of Sirius does.

Here: the check, for one known pair of credentials. Not here: signing (`extracted/readers/http_sigv4`).
"""

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from flask import Request

SERVICE: Final = "execute-api"
REGION: Final = "eu-west-1"
_LONGEST_AGE: Final = timedelta(minutes=5)
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<scope>\S+), SignedHeaders=(?P<headers>\S+), Signature=(?P<signature>[0-9a-f]{64})"
)


def is_signed(request: Request, access_key: str, secret_key: str) -> bool:
    """Whether `request` was signed with these credentials for this service and region in the last five minutes."""
    claim = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    timestamp = request.headers.get("X-Amz-Date", "")
    if claim is None or not _is_recent(timestamp):
        return False
    if claim["scope"] != f"{access_key}/{timestamp[:8]}/{REGION}/{SERVICE}/aws4_request":
        return False
    signed_headers = claim["headers"].split(";")
    if not {"host", "x-amz-date"} <= set(signed_headers):
        return False
    signature = _signature(request, signed_headers, timestamp, Credentials(access_key, secret_key))
    return hmac.compare_digest(signature, claim["signature"])


def _signature(request: Request, signed_headers: list[str], timestamp: str, credentials: Credentials) -> str:
    signer = SigV4Auth(credentials, SERVICE, REGION)
    headers = {name: request.headers.get(name, "") for name in signed_headers}
    signed = AWSRequest(method=request.method, url=request.url, data=request.get_data(), headers=headers)
    signed.context["timestamp"] = timestamp
    signature: str = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    return signature


def _is_recent(timestamp: str) -> bool:
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - signed_at) < _LONGEST_AGE
