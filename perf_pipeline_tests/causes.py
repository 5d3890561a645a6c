"""What the tests of alerts send: a failed check, and a release that failed with a message about it."""

from datetime import date

from perf_pipeline.alerts.messages import Message
from perf_pipeline.quality.causes import Cause

TAKE_UP = Cause(
    subject="make-a-lpa, daily_digital_take_up",
    days=(date(2026, 11, 18), date(2026, 11, 19)),
    found="12 applications received",
    next_step="ask the data team.",
    check="channels_add_up_to_total",
    expected="13, the sum of the parts",
    asset="daily_digital_take_up",
)
RELEASE = Cause(subject="release", days=(date(2026, 11, 19),), found="the disk is full – 0 €", next_step="make room.")
MESSAGE = Message(RELEASE, "https://dagit.example/runs/a-run")
