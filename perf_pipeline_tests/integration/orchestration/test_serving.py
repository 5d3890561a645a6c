"""What `perf-pipeline serve` shows: Dagit, and the pages of the checks at the address that every run records."""

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from perf_pipeline.orchestration.serving import data_docs_served
from perf_pipeline_tests.commands import PATIENCE_SECONDS, Place, free_port
from perf_pipeline_tests.integration.orchestration.test_embedded_default import Built

LINKS = """query { assetNodes { assetChecksOrError { ... on AssetChecks { checks { executionForLatestMaterialization {
  evaluation { metadataEntries { label ... on UrlMetadataEntry { url } } } } } } } } }"""


def read(url: str, body: dict[str, str] | None = None) -> str:
    """What an address answers, as soon as something listens there."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    until = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
                return str(answer.read().decode())
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or monotonic() > until:
                raise
            sleep(0.2)


def test_the_pages_are_at_the_same_address_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    for _ in range(2):
        with data_docs_served(tmp_path, port):
            assert "<title>Checks of all datasets</title>" in read(f"http://127.0.0.1:{port}/")


@pytest.fixture
def served(undisturbed: Built) -> Iterator[Place]:
    """`perf-pipeline serve`, where a command alone has run before."""
    built, _ = undisturbed
    place = replace(built, variables={**built.variables, "PERF_DAGIT_PORT": str(free_port())})
    with place.start("serve") as serving:
        yield place
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=PATIENCE_SECONDS)


def test_links_that_a_command_recorded_open_once_dagit_is_served(served: Place) -> None:
    dagit = f"http://127.0.0.1:{served.variables['PERF_DAGIT_PORT']}"
    answer = json.loads(read(f"{dagit}/graphql", {"query": LINKS}))
    evaluations = [
        check["executionForLatestMaterialization"]["evaluation"]
        for node in answer["data"]["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
        if check["executionForLatestMaterialization"]
    ]
    links = {
        entry["url"] for found in evaluations for entry in found["metadataEntries"] if entry["label"] == "data docs"
    }
    assert links
    for link in links:
        dataset = link.rpartition("/")[2].removesuffix(".html")
        assert f"<title>{dataset}, " in read(link)
