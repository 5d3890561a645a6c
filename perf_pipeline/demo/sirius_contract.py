"""The published contract of the Sirius endpoint, at work: it judges what the stand-in receives and sends.

Here: finding `sirius-endpoint.openapi.yaml` (the file that `docs/` hands to the Sirius team) and asking it. Not here:
any rule of its own; signatures are checked by `sirius_signature`, more closely than OpenAPI can.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from flask import Request, Response
from openapi_core import OpenAPI
from openapi_core.contrib.flask import FlaskOpenAPIRequest, FlaskOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from perf_pipeline.errors import SettingsError

CONTRACT_FILE: Final = Path(__file__).with_name("sirius-endpoint.openapi.yaml")


class BrokenContractError(AssertionError):
    """The stand-in was about to send what the contract does not allow: a fault of the stand-in."""


class BadRequestError(ValueError):
    """A request that the contract does not allow."""


class Contract:
    """The contract read from `file`. Raises SettingsError when the file is not there."""

    def __init__(self, file: Path = CONTRACT_FILE) -> None:
        try:
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"The contract of the Sirius endpoint cannot be read at {file}.",
                next_step="Install perf_pipeline again, or restore the file from the repository.",
            ) from error
        self._openapi = OpenAPI.from_dict(document | {"security": []})

    def query_of(self, request: Request) -> Mapping[str, Any]:
        """Give the typed query parameters, defaults filled in. Raises BadRequestError."""
        result = self._openapi.unmarshal_request(FlaskOpenAPIRequest(request))
        if result.errors:
            raise BadRequestError("; ".join(map(str, result.errors)))
        return result.parameters.query

    def check_answer(self, request: Request, response: Response) -> None:
        """Raise BrokenContractError unless `response` is an answer that the contract allows."""
        try:
            self._openapi.validate_response(FlaskOpenAPIRequest(request), FlaskOpenAPIResponse(response))
        except OpenAPIError as error:
            raise BrokenContractError(f"{response.status}: {error}: {error.__cause__}") from error
