"""The variables of alerts: a wrong one is refused by its name, without a secret."""

from collections.abc import Callable

import pytest

from perf_pipeline.settings import load_settings

pytestmark = pytest.mark.usefixtures("no_variables")
Refusal = Callable[..., str]
MAIL = {
    "PERF_ALERT_EMAIL_TO": "team@service.example",
    "PERF_ALERT_EMAIL_FROM": "perf@service.example",
    "PERF_SMTP_URL": "smtp://mail.example",
}


def test_alerts_leave_the_embedded_default_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**MAIL, "PERF_ALERT_WEBHOOK_URL": "https://hooks.example/sekret"}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.is_embedded
    assert "sekret" not in repr(settings)


def test_several_people_may_get_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**MAIL, "PERF_ALERT_EMAIL_TO": "a@service.example, b+c@x.service.example"}.items():
        monkeypatch.setenv(name, value)
    assert load_settings().alert_email_to == ("a@service.example", "b+c@x.service.example")


@pytest.mark.parametrize("unset", sorted(MAIL))
def test_half_of_what_mail_needs_is_refused(refusal: Refusal, unset: str) -> None:
    variables = {name: value for name, value in MAIL.items() if name != unset}
    assert f"Alerts can't be mailed: {unset} is not set." in refusal(**variables)


def test_each_missing_half_is_named(refusal: Refusal) -> None:
    message = refusal(PERF_SMTP_URL="smtp://mail.example")
    assert "PERF_ALERT_EMAIL_TO and PERF_ALERT_EMAIL_FROM are not set." in message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PERF_ALERT_WEBHOOK_URL", "ftp://hooks.example/sekret", "must begin with 'http' or 'https'"),
        ("PERF_ALERT_WEBHOOK_URL", "https:///sekret", "is not a web address"),
        ("PERF_ALERT_WEBHOOK_URL", "https://[sekret/", "has an invalid IPv6 address"),
        ("PERF_ALERT_WEBHOOK_URL", "https://hooks.example/sekret\nX-More: yes", "is not a web address"),
        ("PERF_SMTP_URL", "http://mail.example/sekret", "must begin with 'smtp' or 'smtps'"),
        ("PERF_SMTP_URL", "smtp://user:sekret/1@mail.example", "has no number as its port"),
        ("PERF_SMTP_URL", "smtp://user:sekret#1@mail.example", "has no number as its port"),
        ("PERF_SMTP_URL", "smtp://user:sekret@mail.example/folder", "more than user, password, host and port"),
        ("PERF_SMTP_URL", "smtp://sekret@mail.example", "only one of user and password"),
        ("PERF_SMTP_URL", "smtp://user:sekr%C3%A9t@mail.example", "beyond ASCII"),
        ("PERF_ALERT_EMAIL_TO", "team", "not a plain e-mail address"),
        ("PERF_ALERT_EMAIL_TO", "a@service.example,", "not a plain e-mail address"),
        ("PERF_ALERT_EMAIL_TO", "a@service.example\nBcc: b@service.example", "not a plain e-mail address"),
        ("PERF_ALERT_EMAIL_FROM", "Perf <perf@service.example>", "not a plain e-mail address"),
        ("PERF_ALERT_EMAIL_FROM", "a@service.example, b@service.example", "not a plain e-mail address"),
        ("PERF_DAGIT_URL", "dagit.example", "is not a web address; expected one such as https://"),
        ("PERF_DAGIT_URL", "https://user:sekret@dagit.example", "every link would show"),
        ("PERF_DATA_DOCS_URL", "file:///srv/perf/data_docs", "must begin with 'http' or 'https'"),
        ("PERF_DAGIT_URL", "https://dagit.example/?a=b", "holds a ?"),
    ],
)
def test_a_wrong_value_is_refused_by_name(refusal: Refusal, name: str, value: str, message: str) -> None:
    refused = refusal(**{**MAIL, name: value})
    assert name in refused
    assert message in refused


def test_links_lead_to_dagit_on_its_port_unless_it_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DAGIT_PORT", "3001")
    assert load_settings().dagit_address == "http://127.0.0.1:3001"
    monkeypatch.setenv("PERF_DAGIT_URL", "https://dagit.example/perf/")
    assert load_settings().dagit_address == "https://dagit.example/perf"
