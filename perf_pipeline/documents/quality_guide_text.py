"""The words of the guide to quality that belong to no entry of the catalogue, with a place for each table of entries.

What a check, threshold, cadence or reason means is in its own entry. Here is what people need besides, in the order in which
they need it.
"""

EXAMPLE = """[make-a-lpa.thresholds]
quiet_days = 10
headline_jump_points = 12.5"""

GUIDE = """# Quality

Written by `python -m perf_pipeline.documents.quality_guide` from `perf_pipeline/catalogue/`; edit that, not this.

## How sources are checked

Every extraction ends with the checks of the sources, whether or not anything is built afterwards:

<!-- source_checks -->

What was read is kept in any case. A service that is taken out of the services file is no longer checked.

### When each source is due

Until then a day that the source has not delivered is waiting; afterwards `sources_deliver_in_time` fails.

<!-- cadences -->

## How a day is checked

Every run checks what it has built. Each day of each dataset and service gets a verdict from each of the dataset's checks:

<!-- results -->

A day that is built again has no verdict until it is checked again, and nothing is made from a day without one. What a
failure does is the check's severity:

<!-- severities -->

The kinds of checks, in the order in which to look:

<!-- kinds -->

## Where to see it

- **Dagit**: the check `every_source_delivered` of `source_verdicts`, and the check `every_day_passes_its_checks` of each
  checked asset. Open a day under the asset's *Partitions*, or *Checks* for the newest: it lists what each check found and
  expected.
- **The terminal**: `perf-pipeline status` lists the days that did not pass, with the next step, and the newest warnings.
  `nightly` and `backfill` end with the same causes.
- **SQL**: table [`perf.verdicts`](data_dictionary.md#verdicts), one row per dataset, service, day or month, and check. The
  checks of sources have rows for failing days only. The SQL of each check is a file in
  [`quality/sql/`](../perf_pipeline/quality/sql).
- **The pages of the checks**: one per dataset about its latest check by Great Expectations, with the days that did not
  pass, what was found and the next step. `perf-pipeline serve` serves them at <http://127.0.0.1:3001>
  (`PERF_DATA_DOCS_PORT`), where the links in Dagit lead. They are files in `{PERF_HOME}/data_docs/` that load nothing from
  the network. In production a web server of yours serves that folder to operators alone, at `PERF_DATA_DOCS_URL`. The pages
  are internal: they are not in the published folder, and hold no value of an extract.

## What happens to a bad day

1. A day that fails a *blocking* check is held back: no month and no file includes it. The last good figures of the day, if
   there are any, stay where they are. The other days, datasets and services go on.
2. Months are the sums of good days: the month goes on with the last good figures of the day, or counts one day less
   (`days_included_count`).
3. The run ends as failed, and one alert is sent for each cause.
4. The day is built again when its source delivers something new for it, or when the code or the catalogue has changed. A
   check that crashed is tried again in the next run. To build a day at once: `perf-pipeline backfill --from DAY --to DAY`.

A warning holds nothing back and sends no alert. Whoever looks at it decides.

The checks of daily tables look at every type of LPA by day. Figures by type are published by month only.

## What is tolerated

<!-- thresholds -->

A service gets its own value in the services file ([`services.toml`](../perf_pipeline/catalogue/services.toml), or that of
`PERF_SERVICES_FILE`). A threshold that it does not name stays as above:

```toml
<!-- example -->
```

The value holds for every day that is checked from then on. A value for all services is changed in
[`thresholds.py`](../perf_pipeline/catalogue/thresholds.py).

## The checks

The name of a check is a sentence that is true when it passes. What the columns mean is in the
[data dictionary](data_dictionary.md).

<!-- checks -->

## What to do when a check fails

<!-- steps -->

## Working with the quarantine

A row of a source that can't be used is in no figure. It is recorded in
[`perf.quarantined_rows`](data_dictionary.md#quarantined_rows): its service and source, where to find it there (`row_ref`,
such as `feedback.id=812` or `feedex_2026-03-01_2026-04-01.csv:17`, and `file_name`), its day (`period_start`) where that
could be read, the reason, and when it was first and last seen. Its text is not recorded: read that in the source.

`perf-pipeline status` shows how many there are, and why; so do *Metadata* and *Plots* of the extracted assets in Dagit, by
day and reason; or

```sql
SELECT * FROM perf.quarantined_rows WHERE resolved_at IS NULL ORDER BY period_start DESC, row_ref;
```

To let rows in again:

1. Correct the source, or the rule that rejects them (the reader in [`extracted/`](../perf_pipeline/extracted), with a
   test). Of two exports of the Feedback Explorer the newer one counts, whatever its name.
2. Read the days again: `perf-pipeline backfill --from DAY --to DAY`.
3. Rows that are good now count, their `resolved_at` is set, and the figures of the day and its month are published as a new
   version. The others stay, with a newer `last_seen_at`.

Nothing is ever deleted from the table, and nobody writes to it by hand: the next reading would not know about it.

<!-- reasons -->
"""
