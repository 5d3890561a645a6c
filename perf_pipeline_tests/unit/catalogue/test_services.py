"""The services file: what it may hold, and how each fault in it is reported."""

from datetime import date
from pathlib import Path

import pytest

from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.services import DEFAULT_FILE, Service, Services, load_services
from perf_pipeline.documents.quality_guide_text import EXAMPLE
from perf_pipeline.errors import SettingsError

DONE_PAGE = 'done-page = { slug = "deputy-reporting" }'
ERA = '[[deputy-reporting.headline_sources]]\nfrom = 2021-03-01\nsource = "done-page"\n'
WHOLE = f"""
[deputy-reporting]
title = {{ en = "Complete the deputy report", cy = "Cwblhau adroddiad y dirprwy" }}
feed = "deputy_reporting"
[deputy-reporting.sources]
{DONE_PAGE}
[deputy-reporting.indicators]
user-satisfaction = "public"
{ERA}"""
IN_SERVICE = 'in-service = { database = "PERF_DEPUTY_DATABASE_URL" }'
BOTH = WHOLE.replace(DONE_PAGE, f"{DONE_PAGE}\n{IN_SERVICE}")
LATER = ERA.replace("2021-03-01", "2026-04-01").replace("done-page", "in-service")


def services_from(folder: Path, text: str, name: str = "services.toml") -> Services:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_services(file)


def service_from(folder: Path, text: str) -> Service:
    return services_from(folder, text)["deputy-reporting"]


def refusal_of(folder: Path, text: str, name: str = "services.toml") -> str:
    with pytest.raises(SettingsError) as refused:
        services_from(folder, text, name)
    assert "\n" not in str(refused.value)
    assert str(folder / name) in str(refused.value)
    return str(refused.value)


def test_the_default_file_lists_two_services() -> None:
    services = load_services()
    assert {service.slug: set(service.indicators) for service in services} == {
        "make-a-lpa": set(INDICATORS),
        "use-an-lpa": {"user-satisfaction"},
    }
    assert [(service.slug, source) for service, source in services.pairs] == [
        ("make-a-lpa", "done-page"),
        ("make-a-lpa", "in-service"),
        ("make-a-lpa", "applications"),
        ("make-a-lpa", "sirius"),
        ("use-an-lpa", "done-page"),
    ]


def test_a_new_service_touches_the_services_file_alone(tmp_path: Path) -> None:
    services = services_from(tmp_path, DEFAULT_FILE.read_text(encoding="utf-8") + WHOLE)
    publishing = [service.slug for service in services.publishing("user-satisfaction")]
    assert publishing == ["make-a-lpa", "use-an-lpa", "deputy-reporting"]
    assert ("deputy-reporting", "done-page") in [(service.slug, source) for service, source in services.pairs]
    assert "deputy-reporting" in services
    assert "something-else" not in services


def test_yaml_holds_the_same_as_toml(tmp_path: Path) -> None:
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
    ("old", "new", "reported"),
    [
        ('feed = "', 'colour = "red"\nfeed = "', "deputy-reporting.colour: is not known here"),
        ('"public"', '"secret"', "deputy-reporting.indicators.user-satisfaction: must be 'public'"),
        ("user-satisfaction =", "happiness =", "deputy-reporting.indicators.happiness"),
        (DONE_PAGE, "", "publishes user-satisfaction but has no source for it"),
        ("user-satisfaction =", "digital-take-up =", "deputy-reporting: publishes digital-take-up but has no source"),
        ("user-satisfaction =", "completion-rate =", "publishes completion-rate but has no source for it"),
        ('source = "done-page"', 'source = "in-service"', "has headline source in-service but no such source"),
        (ERA, "", "no headline source"),
        (ERA, ERA + ERA, "deputy-reporting.headline_sources: two of them begin on the same day"),
        ("from = 2021-03-01", "from = 2021-03-02", "a headline source begins on the first day of a month"),
        ('feed = "deputy_reporting"', 'feed = "../deputy"', "deputy-reporting.feed: must match"),
        ("[deputy-reporting", "[deputy_2", "deputy_2.slug: must match"),
        ("[deputy-reporting", "[feeds", "feeds is the folder of the feed files"),
        ('feed = "', 'slug = "other"\nfeed = "', "deputy-reporting must be a table of its own, without a slug inside"),
        (DONE_PAGE, IN_SERVICE.replace("PERF_DEPUTY_", ""), "sources.in-service.database: must match"),
        ("done-page =", "fax =", "fax is not a source; expected one of done-page, in-service, applications, sirius"),
        (DONE_PAGE, "done-page = {}", "done-page takes slug (and first_day); found nothing"),
        (DONE_PAGE, f"{DONE_PAGE}\nsirius = {{ slug = 'lpa' }}", "sirius takes nothing (and first_day); found slug"),
        (IN_SERVICE, IN_SERVICE.replace(" }", ", slug = 'd' }"), "in-service takes database (and first_day); found d"),
        (
            DONE_PAGE,
            DONE_PAGE.replace(" }", ", first_day = 'May' }"),
            "done-page.first_day: must be a day, such as 2026-05-01",
        ),
    ],
)
def test_a_fault_is_reported_with_its_entry_and_place(tmp_path: Path, old: str, new: str, reported: str) -> None:
    assert old in BOTH
    assert reported in refusal_of(tmp_path, (BOTH if old == IN_SERVICE else WHOLE).replace(old, new))


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, WHOLE.replace('"public"', '"secret"') + "[use-an-lpa]\nfeed = 'use'")
    assert "deputy-reporting.indicators" in message
    assert "use-an-lpa.title: is missing" in message


def test_two_services_can_not_write_the_same_feed(tmp_path: Path) -> None:
    other = WHOLE.replace("[deputy-reporting", "[use-an-lpa")
    assert "feed deputy_reporting belongs to more than one service" in refusal_of(tmp_path, WHOLE + other)


@pytest.mark.parametrize(
    ("source", "indicator"),
    [
        ("sirius = {}", "digital-take-up"),
        ('applications = { database = "PERF_LPA_DATABASE_URL" }', "completion-rate"),
        ('done-page = { slug = "lasting-power-of-attorney" }', "user-satisfaction"),
    ],
)
def test_two_services_with_the_same_source_are_refused_by_both_names(
    tmp_path: Path, source: str, indicator: str
) -> None:
    other = WHOLE.replace(DONE_PAGE, source).replace("user-satisfaction", indicator)
    other = other if indicator == "user-satisfaction" else other.replace(ERA, "")
    message = refusal_of(tmp_path, DEFAULT_FILE.read_text(encoding="utf-8") + other)
    name = source.partition(" ")[0]
    assert f"deputy-reporting has the source {name} of make-a-lpa: both would get the same numbers" in message


def test_what_a_figure_needs_is_known_from_the_first_day_of_the_service_and_of_its_source(tmp_path: Path) -> None:
    began = BOTH.replace('feed = "', 'first_day = 2024-03-05\nfeed = "')
    service = service_from(tmp_path, began.replace(" }\nin", ", first_day = 2025-01-02 }\nin"))
    assert service.first_day_of("done-page") == date(2025, 1, 2)
    assert service.first_day_of("in-service") == date(2024, 3, 5)
    assert service_from(tmp_path, WHOLE).first_day_of("done-page") == date.min


def test_a_source_that_no_published_indicator_needs_is_not_asked(tmp_path: Path) -> None:
    service = service_from(tmp_path, WHOLE.replace(DONE_PAGE, f"{DONE_PAGE}\nsirius = {{}}"))
    assert service.delivering == ("done-page",)
    assert service.sources_of("digital-take-up") == ("sirius",)


def test_a_service_that_stands_twice_is_refused_in_yaml_too(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, "use-an-lpa: {}\nuse-an-lpa: {}\n", "services.yml")
    assert "use-an-lpa occurs twice" in message


@pytest.mark.parametrize(
    ("text", "name", "reported"),
    [
        ("", "services.toml", "it names no service"),
        ("", "services.yaml", "it names no service"),
        ("- a", "services.yaml", "it names no service"),
        ("[a", "services.toml", "can't be read"),
        ("a: [", "services.yaml", "can't be read"),
    ],
)
def test_a_file_without_services_is_refused(tmp_path: Path, text: str, name: str, reported: str) -> None:
    assert reported in refusal_of(tmp_path, text, name)


def test_a_file_that_is_not_there_is_reported_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"services file .*none\.toml can't be read: No such file or directory"):
        load_services(tmp_path / "none.toml")


def test_a_service_without_user_satisfaction_needs_no_headline_source(tmp_path: Path) -> None:
    text = WHOLE.replace(ERA, "").replace(DONE_PAGE, "sirius = {}")
    service = service_from(tmp_path, text.replace("user-satisfaction =", "digital-take-up ="))
    assert service.headline_source(date(2026, 1, 1)) is None


def test_a_service_has_its_own_thresholds_as_the_guide_shows_and_the_others_have_none(tmp_path: Path) -> None:
    services = services_from(tmp_path, f"{DEFAULT_FILE.read_text(encoding='utf-8')}\n{EXAMPLE}\n")
    assert services["make-a-lpa"].thresholds == {"quiet_days": 10, "headline_jump_points": 12.5}
    assert services["use-an-lpa"].thresholds == {}


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("calm_days = 3", ": calm_days is not a threshold; expected one of quarantined_percent,"),
        ("quiet_days = 0", ".quiet_days: must be more than 0"),
        ("quiet_days = -1", ".quiet_days: must be more than 0"),
        ('quiet_days = "many"', ".quiet_days: must be a number"),
        ("quiet_days = nan", ".quiet_days: must be a finite number"),
        ("quiet_days = inf", ".quiet_days: must be a finite number"),
    ],
)
def test_a_threshold_that_is_none_is_refused_by_its_name(tmp_path: Path, line: str, reported: str) -> None:
    message = refusal_of(tmp_path, f"{WHOLE}\n[deputy-reporting.thresholds]\n{line}\n")
    assert f"deputy-reporting.thresholds{reported}" in message


MARCH, APRIL = (date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 30))


def test_the_headline_source_changes_on_the_first_day_of_an_era_and_breaks_the_series_then_alone(
    tmp_path: Path,
) -> None:
    service = service_from(tmp_path, BOTH + LATER)
    days = (date(2020, 1, 1), MARCH[1], APRIL[0])
    assert [service.headline_source(day) for day in days] == ["done-page", "done-page", "in-service"]
    assert [service.changes_headline_source(*month) for month in (MARCH, APRIL)] == [False, True]
    assert not service.changes_headline_source(date(2021, 3, 1), date(2021, 3, 31))


def test_the_order_of_eras_in_the_file_does_not_matter(tmp_path: Path) -> None:
    swapped = service_from(tmp_path, BOTH.replace(ERA, LATER + ERA))
    assert swapped == service_from(tmp_path, BOTH + LATER)


def test_an_era_with_the_same_source_breaks_nothing(tmp_path: Path) -> None:
    service = service_from(tmp_path, WHOLE + LATER.replace("in-service", "done-page"))
    assert not service.changes_headline_source(*APRIL)
