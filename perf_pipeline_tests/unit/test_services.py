"""The services file: what it may say, and what it is told when it says something wrong."""

from datetime import date
from pathlib import Path

import pytest

from perf_pipeline.documents.quality_guide_text import EXAMPLE
from perf_pipeline.catalogue.services import DEFAULT_FILE, Services, load_services
from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.planning import sources_of

WHOLE = """
[deputy-reporting]
title = { en = "Complete the deputy report", cy = "Cwblhau adroddiad y dirprwy" }
feed = "deputy_reporting"
[deputy-reporting.sources]
done-page = { slug = "deputy-reporting" }
[deputy-reporting.indicators]
user-satisfaction = "public"
[[deputy-reporting.headline_sources]]
from = 2021-03-01
source = "done-page"
"""
IN_SERVICE = 'done-page = { slug = "deputy-reporting" }\nin-service = { database = "PERF_DEPUTY_DATABASE_URL" }'


def services_from(folder: Path, text: str, name: str = "services.toml") -> Services:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_services(file)


def refusal_of(folder: Path, text: str, name: str = "services.toml") -> str:
    with pytest.raises(SettingsError) as refused:
        services_from(folder, text, name)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_default_file_lists_two_services() -> None:
    services = load_services()
    assert {service.slug: set(service.indicators) for service in services} == {
        "make-a-lpa": {"user-satisfaction", "completion-rate", "digital-take-up"},
        "use-an-lpa": {"user-satisfaction"},
    }
    assert services["use-an-lpa"].feedback_sources == ("done-page",)


def test_a_new_service_touches_the_services_file_alone(tmp_path: Path) -> None:
    services = services_from(tmp_path, DEFAULT_FILE.read_text(encoding="utf-8") + WHOLE)
    assert [service.slug for service in services.publishing("user-satisfaction")] == [
        "make-a-lpa",
        "use-an-lpa",
        "deputy-reporting",
    ]
    assert ("deputy-reporting", "done-page") in sources_of(services)
    assert "deputy-reporting" in services
    assert "something-else" not in services


def test_yaml_says_the_same_as_toml(tmp_path: Path) -> None:
    text = """
deputy-reporting:
  title: {en: Complete the deputy report, cy: Cwblhau adroddiad y dirprwy}
  feed: deputy_reporting
  sources: {done-page: {slug: deputy-reporting}}
  indicators: {user-satisfaction: public}
  headline_sources: [{from: 2021-03-01, source: done-page}]
"""
    assert list(services_from(tmp_path, text, "services.yaml")) == list(services_from(tmp_path, WHOLE))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('feed = "', 'colour = "red"\nfeed = "', "deputy-reporting.colour: Extra inputs are not permitted"),
        ('"public"', '"secret"', "deputy-reporting.indicators.user-satisfaction: Input should be 'public'"),
        ("user-satisfaction =", "happiness =", "deputy-reporting.indicators.happiness"),
        ('done-page = { slug = "deputy-reporting" }', "", "publishes user-satisfaction but has no source for it"),
        ("user-satisfaction =", "digital-take-up =", "deputy-reporting: publishes digital-take-up but has no source"),
        ("user-satisfaction =", "completion-rate =", "publishes completion-rate but has no source for it"),
        ('source = "done-page"', 'source = "in-service"', "has headline source in-service but no such source"),
        ('[[deputy-reporting.headline_sources]]\nfrom = 2021-03-01\nsource = "done-page"', "", "no headline source"),
        ("from = 2021-03-01", "from = 2021-03-02", "a headline source begins on the first day of a month"),
        ('{ slug = "deputy-reporting" }', "{}", "deputy-reporting.sources.done-page.slug: Field required"),
        ('feed = "deputy_reporting"', 'feed = "../deputy"', "deputy-reporting.feed: String should match"),
        ("[deputy-reporting", "[deputy_2", "deputy_2.slug: String should match"),
        ("[deputy-reporting", "[feeds", "feeds is the folder of the feed files"),
        ('feed = "', 'slug = "other"\nfeed = "', "deputy-reporting must be a table of its own, without a slug inside"),
        (
            'done-page = { slug = "deputy-reporting" }',
            IN_SERVICE.replace("PERF_DEPUTY_DATABASE_URL", "DATABASE_URL"),
            "deputy-reporting.sources.in-service.database: String should match",
        ),
    ],
)
def test_a_fault_is_told_with_its_entry_and_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in WHOLE
    message = refusal_of(tmp_path, WHOLE.replace(old, new))
    assert told in message
    assert str(tmp_path / "services.toml") in message


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, WHOLE.replace('"public"', '"secret"') + "[use-an-lpa]\nfeed = 'use'")
    assert "deputy-reporting.indicators" in message
    assert "use-an-lpa.title: Field required" in message


def test_two_services_can_not_write_the_same_feed(tmp_path: Path) -> None:
    other = WHOLE.replace("[deputy-reporting", "[use-an-lpa").replace("[[deputy-reporting", "[[use-an-lpa")
    assert "feed deputy_reporting belongs to more than one service" in refusal_of(tmp_path, WHOLE + other)


def test_a_service_that_stands_twice_is_refused_in_yaml_too(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, "use-an-lpa: {}\nuse-an-lpa: {}\n", "services.yml")
    assert "use-an-lpa occurs twice" in message


@pytest.mark.parametrize(("text", "name"), [("", "services.toml"), ("", "services.yaml"), ("- a", "services.yaml")])
def test_a_file_without_services_is_refused(tmp_path: Path, text: str, name: str) -> None:
    assert "it names no service" in refusal_of(tmp_path, text, name)


@pytest.mark.parametrize(("text", "name"), [("[a", "services.toml"), ("a: [", "services.yaml")])
def test_a_file_that_is_not_toml_or_yaml_is_refused(tmp_path: Path, text: str, name: str) -> None:
    assert "can't be read" in refusal_of(tmp_path, text, name)


def test_a_file_that_is_not_there_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"services file .*none\.toml can't be read: No such file or directory"):
        load_services(tmp_path / "none.toml")


def test_a_service_without_user_satisfaction_needs_no_headline_source(tmp_path: Path) -> None:
    text = WHOLE.partition("[[")[0].replace("done-page = { slug", "sirius = {}\ndone-page = { slug")
    services = services_from(tmp_path, text.replace("user-satisfaction =", "digital-take-up ="))
    assert services["deputy-reporting"].headline_source(date(2026, 1, 1)) is None


def test_a_service_has_its_own_thresholds_as_the_guide_shows_and_the_others_have_none(tmp_path: Path) -> None:
    services = services_from(tmp_path, f"{DEFAULT_FILE.read_text(encoding='utf-8')}\n{EXAMPLE}\n")
    assert services["make-a-lpa"].thresholds == {"quiet_days": 10, "headline_jump_points": 12.5}
    assert services["use-an-lpa"].thresholds == {}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "calm_days = 3",
            "deputy-reporting.thresholds: calm_days is not a threshold; expected one of quarantined_percent,",
        ),
        ("quiet_days = 0", "deputy-reporting.thresholds.quiet_days: Input should be greater than 0"),
        ("quiet_days = -1", "deputy-reporting.thresholds.quiet_days: Input should be greater than 0"),
        ('quiet_days = "many"', "deputy-reporting.thresholds.quiet_days: Input should be a valid number"),
        ("quiet_days = nan", "deputy-reporting.thresholds.quiet_days: Input should be a finite number"),
        ("quiet_days = inf", "deputy-reporting.thresholds.quiet_days: Input should be a finite number"),
    ],
)
def test_a_threshold_that_is_none_is_refused_by_its_name(tmp_path: Path, line: str, told: str) -> None:
    assert told in refusal_of(tmp_path, f"{WHOLE}\n[deputy-reporting.thresholds]\n{line}\n")


LATER = '\n[[deputy-reporting.headline_sources]]\nfrom = 2026-04-01\nsource = "in-service"\n'
BOTH = WHOLE.replace('done-page = { slug = "deputy-reporting" }', IN_SERVICE)


def test_the_headline_source_changes_on_the_first_day_of_an_era(tmp_path: Path) -> None:
    service = services_from(tmp_path, BOTH + LATER)["deputy-reporting"]
    days = (date(2020, 1, 1), date(2026, 3, 31), date(2026, 4, 1))
    assert [service.headline_source(day) for day in days] == ["done-page", "done-page", "in-service"]


def test_the_order_of_eras_in_the_file_does_not_matter(tmp_path: Path) -> None:
    head, _, era = BOTH.partition("[[")
    swapped = services_from(tmp_path, head + LATER + "[[" + era)["deputy-reporting"]
    assert swapped == services_from(tmp_path, BOTH + LATER)["deputy-reporting"]


def test_a_change_of_headline_source_breaks_the_series_in_its_own_period_alone(tmp_path: Path) -> None:
    service = services_from(tmp_path, BOTH + LATER)["deputy-reporting"]
    months = [(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 30))]
    assert [service.changes_headline_source(*month) for month in months] == [False, True]
    assert not service.changes_headline_source(date(2021, 3, 1), date(2021, 3, 31))


def test_an_era_with_the_same_source_breaks_nothing(tmp_path: Path) -> None:
    service = services_from(tmp_path, BOTH + LATER.replace("in-service", "done-page"))["deputy-reporting"]
    assert not service.changes_headline_source(date(2026, 4, 1), date(2026, 4, 30))


def test_two_eras_can_not_begin_on_the_same_day(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, BOTH + LATER.replace("2026-04-01", "2021-03-01"))
    assert "deputy-reporting.headline_sources: two of them begin on the same day" in message
