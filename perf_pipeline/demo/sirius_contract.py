"""Validates what the stand-in receives and sends against the published contract of the Sirius endpoint.

Here: loading `sirius-endpoint.openapi.yaml` (`docs/` has the same file for the Sirius team) and validating with it. Not
here: further rules. `sirius_signature` checks signatures, which OpenAPI can't do.
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
    """The stand-in was about to send an answer that the contract does not allow. This is a fault of the stand-in."""


class BadRequestError(ValueError):
    """A request that the contract does not allow."""


class Contract:
    """The contract in `file`. Raises SettingsError when the file does not exist."""

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
        """The typed query parameters, with defaults filled in. Raises BadRequestError."""
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
