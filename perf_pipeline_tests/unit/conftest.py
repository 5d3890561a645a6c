"""Settings of the tests' own: no PERF_* variable is set but what a test sets."""

import os
from collections.abc import Callable

import pytest

from perf_pipeline.errors import SettingsError
from perf_pipeline.settings import load_settings

Refusal = Callable[..., str]


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PERF_"):
            monkeypatch.delenv(name)


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, no_variables: None) -> Refusal:  # noqa: ARG001 - comes first
    """The one line with which settings with these variables are refused. It shows no secret."""

    def refuse(**variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError) as refused:
            load_settings()
        assert "\n" not in str(refused.value)
        assert "Next step: " in str(refused.value)
        assert "sekret" not in str(refused.value)
        return str(refused.value)

    return refuse
