"""Whether each source was read, holds every day that it calls complete, and delivers in time.

These checks are about sources and not about rows: every extraction ends with them, whether or not anything is built. Their
SQL is in `quality/sql/sources/`, one file a check; each finds the days that break it.
"""

from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.severity import Severity

SOURCE_RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "every_source_was_read",
            Kind.COMPLETENESS,
            Severity.FAILING,
            "a source that is down without anybody noticing",
            "check that the source is up and its address right, then run perf-pipeline nightly; until then the earlier"
            " figures stay",
            fault="the source could not be read",
        ),
        Rule(
            "sources_hold_every_day_they_call_complete",
            Kind.COMPLETENESS,
            Severity.FAILING,
            "a day that the source has lost, or holds in a form that can't be used",
            "show the source's team the day and, in perf.quarantined_rows, its unusable rows; once they have corrected it,"
            " perf-pipeline nightly publishes the day",
            fault="the source calls the day complete but did not deliver it",
        ),
        Rule(
            "every_file_can_be_used",
            Kind.COMPLETENESS,
            Severity.FAILING,
            "a file that is damaged, misnamed or about other days, without anybody noticing",
            "replace the file in the folder by a whole one, or remove it; if it is right as it is, accept it with"
            " perf-pipeline import-feedback --accept FILE; then run perf-pipeline nightly",
            fault="a file can't be used as it is",
        ),
        Rule(
            "sources_deliver_in_time",
            Kind.TIMELINESS,
            Severity.FAILING,
            "an export that nobody dropped into the folder, or a source that has stopped",
            "find out why the source has nothing for these days: for done-page, put the month's Feedback Explorer export"
            " into PERF_FEEDBACK_EXPORTS_DIR; then run perf-pipeline nightly",
            fault="the source is late",
        ),
    )
}
