"""Validates what the stand-in receives and sends against the published contract of the Sirius endpoint.

Here: loading `sirius-endpoint.openapi.yaml` (`docs/` has the same file for the Sirius team) and validating with it. Not
here: further rules. `sirius_signature` checks signatures, which OpenAPI can't do.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from flask import Request, Response
from openapi_core import OpenAPI
from openapi_core.contrib.flask import FlaskOpenAPIRequest, FlaskOpenAPIResponse

CONTRACT_FILE: Final = Path(__file__).with_name("sirius-endpoint.openapi.yaml")


class BadRequestError(ValueError):
    """A request that the contract does not allow."""


@cache
def contract() -> OpenAPI:
    """The contract, without its security."""
    document = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    return OpenAPI.from_dict(document | {"security": []})


def query_of(request: Request) -> Mapping[str, Any]:
    """The typed query parameters, with defaults filled in. Raises BadRequestError."""
    result = contract().unmarshal_request(FlaskOpenAPIRequest(request))
    if result.errors:
        raise BadRequestError("; ".join(map(str, result.errors)))
    return result.parameters.query


def check_answer(request: Request, response: Response) -> None:
    """Raise OpenAPIError unless the contract allows the answer. Otherwise the stand-in has a fault."""
    contract().validate_response(FlaskOpenAPIRequest(request), FlaskOpenAPIResponse(response))
