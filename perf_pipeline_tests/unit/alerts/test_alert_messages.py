"""The content of an alert, and where its link leads."""

from dataclasses import replace

import pytest

from perf_pipeline.alerts.messages import message_of
from perf_pipeline.errors import NEXT_STEP
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline_tests.causes import TAKE_UP

SETTINGS = Settings(dagit_url="https://dagit.example")


def test_it_names_days_fault_found_expected_next_step_and_link() -> None:
    assert message_of(TAKE_UP, SETTINGS, "a-run").text == (
        "perf_pipeline: make-a-lpa, daily_digital_take_up\n"
        "Days: 2026-11-18 to 2026-11-19\n"
        "Fault: the channels do not add up to the total\n"
        "Found: 12 applications received\n"
        "Expected: 13, the sum of the parts\n"
        "Next step: ask the data team.\n"
        "More: https://dagit.example/assets/daily_digital_take_up?view=checks"
    )


def test_what_is_unknown_has_no_line() -> None:
    cause = Cause(subject="release", days=(), found="the disk is full", next_step="make room.")
    assert message_of(cause, SETTINGS, "a-run").text == (
        "perf_pipeline: release\nFound: the disk is full\nNext step: make room.\nMore: https://dagit.example/runs/a-run"
    )


def test_a_failure_that_names_its_next_step_is_not_followed_by_another_next_step() -> None:
    cause = replace(TAKE_UP, found=f"Sirius cannot be reached. {NEXT_STEP} see whether it is up.")
    assert message_of(cause, SETTINGS, "").text.count(NEXT_STEP) == 1


@pytest.mark.parametrize(
    ("asset", "run_id", "link"),
    [
        ("release", "a-run", "https://dagit.example/assets/release?view=checks"),
        ("", "a-run", "https://dagit.example/runs/a-run"),
        ("", "", "https://dagit.example"),
    ],
)
def test_the_link_leads_to_the_checks_else_to_the_run_else_to_dagit(asset: str, run_id: str, link: str) -> None:
    assert message_of(replace(TAKE_UP, asset=asset), SETTINGS, run_id).link == link


def test_what_was_found_can_add_no_line_and_no_header() -> None:
    message = message_of(
        replace(TAKE_UP, subject="a\r\nBcc: b@x.example", check="", found="1\u2028Next\x00 step:\udcff 2"), SETTINGS, ""
    )
    assert message.headline == "perf_pipeline: a Bcc: b@x.example, 2026-11-18 to 2026-11-19, 1 Next step: 2"
    assert "Found: 1 Next step: 2" in message.text.splitlines()


def test_the_headline_names_subject_days_and_fault_and_is_short() -> None:
    about = "perf_pipeline: make-a-lpa, daily_digital_take_up, 2026-11-18 to 2026-11-19"
    headline = f"{about}, the channels do not add up to the total"
    assert message_of(TAKE_UP, SETTINGS, "").headline == headline
    assert len(message_of(replace(TAKE_UP, subject="x" * 500), SETTINGS, "").headline) == 120


def test_words_of_others_can_mention_nobody_and_link_nowhere_in_a_chat() -> None:
    hostile = "<!channel> @here [pay](https://evil.example) *now* `rm` & <https://evil.example|click>"
    text = str(message_of(replace(TAKE_UP, found=hostile), SETTINGS, "").parts["text"])
    body, link = text.rsplit("More: ", 1)
    assert link == "https://dagit.example/assets/daily_digital_take_up?view=checks"
    assert [mark for mark in ("<", ">", "@here", "](", "://", "*now", "`rm") if mark in body] == []
    assert "&lt;!channel&gt;" in body
