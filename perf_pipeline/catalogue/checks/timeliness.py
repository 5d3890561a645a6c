"""Whether each source was read, is complete as far as it says, and delivers in time.

These checks look at sources, not at rows: they are made at the end of every extraction, whether or not anything is built.
Their SQL is in `quality/sql/sources/`, a file a check; each finds the days that break it.
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
            "a source that is down and nobody noticing",
            "see that the source is up and its address right, then run perf-pipeline nightly; the earlier figures stay",
        ),
        Rule(
            "sources_hold_every_day_they_call_complete",
            Kind.COMPLETENESS,
            Severity.FAILING,
            "a day that the source has lost, or holds in a form that can't be used",
            "show the source's team the day and, in perf.quarantined_rows, its unusable rows; once they have corrected it,"
            " perf-pipeline nightly publishes the day",
        ),
        Rule(
            "every_file_can_be_used",
            Kind.COMPLETENESS,
            Severity.FAILING,
            "a file that is damaged, misnamed or about other days, and nobody noticing",
            "replace the file in the folder by a whole one, or remove it; where it is right as it is, perf-pipeline"
            " import-feedback --accept FILE accepts it; then run perf-pipeline nightly",
        ),
        Rule(
            "sources_deliver_in_time",
            Kind.TIMELINESS,
            Severity.FAILING,
            "a file that nobody dropped, or a source that has stopped",
            "see why the source has nothing for these days: for done-page, put the month's Feedback Explorer export into"
            " PERF_FEEDBACK_EXPORTS_DIR; then run perf-pipeline nightly",
        ),
    )
}
