"""A real Dagit on the storage of a place, and what its pages ask it by GraphQL."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from perf_pipeline.orchestration.running import prepare_dagster_home
from perf_pipeline.orchestration.serving import HOST, running, webserver_command
from perf_pipeline.settings import load_settings
from perf_pipeline_tests.commands import PATIENCE_SECONDS, Place

_CHECKS = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode { assetChecksOrError {
... on AssetChecks { checks { name description
  partitionStatuses { ... on AssetCheckTimePartitionStatuses { ranges { status startKey endKey } } }
  executionForLatestMaterialization { status evaluation { success severity description metadataEntries { label } } }
} } } } } }"""
_EXECUTIONS = """query ($key: AssetKeyInput!, $check: String!, $day: String) {
assetCheckExecutions(assetKey: $key, checkName: $check, limit: 10, partition: $day) {
status evaluation { success severity description } } }"""
_ASSET = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
description opVersion groupName owners { ... on TeamAssetOwner { team } }
internalFreshnessPolicy { ... on CronFreshnessPolicy { deadlineCron timezone } }
metadataEntries { __typename label description
  ... on TextMetadataEntry { text }
  ... on MarkdownMetadataEntry { mdStr }
  ... on TableSchemaMetadataEntry { schema { columns { name type } } }
  ... on CodeReferencesMetadataEntry { codeReferences { ... on LocalFileCodeReference { filePath lineNumber } } } }
} } }"""
_MATERIALIZATION = """query ($key: AssetKeyInput!, $days: [String!]) { assetOrError(assetKey: $key) { ... on Asset {
assetMaterializations(partitions: $days, limit: 1) { runId metadataEntries { label
  ... on IntMetadataEntry { intRepr }
  ... on FloatMetadataEntry { floatRepr }
  ... on TextMetadataEntry { text }
  ... on TableMetadataEntry { table { records } }
} } } } }"""
_RUNS = """{ runsOrError(limit: 20) { ... on Runs { results { runId jobName status tags { key value }
repositoryOrigin { repositoryLocationName } } } } }"""
_EVENTS = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
__typename ... on MessageEvent { message } } } } }"""


@dataclass(frozen=True)
class Dagit:
    """Answers of a running Dagit."""

    address: str

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of the answer to a query."""
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{self.address}/graphql", json=body, timeout=PATIENCE_SECONDS).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def asset(self, name: str) -> dict[str, Any]:
        """The definition of an asset, with its metadata by label."""
        node: dict[str, Any] = self.ask(_ASSET, key=_key(name))["assetNodeOrError"]
        return node | {"metadata": {entry["label"]: entry for entry in node["metadataEntries"]}}

    def checks(self, asset: str) -> dict[str, dict[str, Any]]:
        """The checks of an asset, by name."""
        found = self.ask(_CHECKS, key=_key(asset))["assetNodeOrError"]["assetChecksOrError"]["checks"]
        return {check["name"]: check for check in found}

    def evaluations(self, asset: str, check: str, day: object = None) -> list[dict[str, Any]]:
        """The evaluations of a check, or of a check on a day, the newest first."""
        found = self.ask(_EXECUTIONS, key=_key(asset), check=check, day=None if day is None else str(day))
        return [run["evaluation"] for run in found["assetCheckExecutions"] if run["evaluation"]]

    def shown(self, asset: str, day: object) -> dict[str, Any]:
        """The metadata of the newest materialization of a day, by label: numbers, texts, and tables as lists of rows."""
        (newest,) = self.ask(_MATERIALIZATION, key=_key(asset), days=[str(day)])["assetOrError"][
            "assetMaterializations"
        ]
        return {entry["label"]: _value(entry) for entry in newest["metadataEntries"]}

    def runs(self) -> list[dict[str, Any]]:
        """The runs, the newest first, with their tags by key."""
        found = self.ask(_RUNS)["runsOrError"]["results"]
        return [run | {"tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def events(self, run_id: str) -> list[dict[str, str]]:
        """The events of a run, in their order."""
        events: list[dict[str, str]] = self.ask(_EVENTS, run=run_id)["logsForRun"]["events"]
        return events


def _value(entry: dict[str, Any]) -> object:
    if "table" in entry:
        return [json.loads(record) for record in entry["table"]["records"]]
    number = entry.get("intRepr") or entry.get("floatRepr")
    return entry.get("text") if number is None else float(number)


def _key(asset: str) -> dict[str, list[str]]:
    return {"path": [asset]}


@contextmanager
def dagit_of(place: Place) -> Iterator[Dagit]:
    """Dagit on the storage of a place, until the end of the block."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    environment = {**place.environment, "PERF_DAGIT_PORT": str(port)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment, "DAGSTER_HOME": ""}.items():
            patch.setenv(name, value)
        settings = load_settings()
        home = prepare_dagster_home(settings)
        command = webserver_command(settings)
    with running(command, home, {**environment, "DAGSTER_HOME": str(home)}):
        dagit = Dagit(f"http://{HOST}:{port}")
        wait_for(dagit)
        yield dagit


def wait_for(dagit: Dagit) -> None:
    """Wait until Dagit answers. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            requests.get(f"{dagit.address}/server_info", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.3)
        else:
            return
    raise TimeoutError("Dagit does not answer")
