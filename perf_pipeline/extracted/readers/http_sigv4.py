"""Signs requests with AWS Signature Version 4, with credentials from botocore's usual places (environment, profile, role).

Here: signing one request. Not here: credentials, or checking signatures (`demo/sirius_signature`).
"""

import botocore.session
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError
from requests.auth import AuthBase

from perf_pipeline.errors import SettingsError

_NEXT_STEP = "Give the process an AWS role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment."


class SignatureVersion4(AuthBase):
    """Signs each request when it is sent. Credentials are loaded on first use and refreshed before they expire.

    Raises SettingsError on the first request when there are no usable credentials.
    """

    def __init__(self, service: str, region: str) -> None:
        self._service, self._region = service, region
        self._credentials: Credentials | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers of a new signature."""
        signed = AWSRequest(method=request.method, url=request.url, data=request.body)
        SigV4Auth(self._usable_credentials(), self._service, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request

    def _usable_credentials(self) -> ReadOnlyCredentials:
        try:
            self._credentials = self._credentials or botocore.session.get_session().get_credentials()
            if self._credentials is not None:
                return self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            # The error's text may quote a configuration file, so only its type is shown.
            raise SettingsError(
                f"The AWS credentials for signing requests cannot be used ({type(error).__name__}).",
                next_step=_NEXT_STEP,
            ) from None
        raise SettingsError("There are no AWS credentials to sign requests with.", next_step=_NEXT_STEP)
