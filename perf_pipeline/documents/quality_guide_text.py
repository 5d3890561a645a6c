"""The words of the guide to quality that belong to no entry of the catalogue, with a place for each table of entries.

What is said of one check, threshold, cadence or reason stands in its own entry; here is what people need besides, and the
order in which they need it.
"""

EXAMPLE = """[make-a-lpa.thresholds]
quiet_days = 10
headline_jump_points = 12.5"""

GUIDE = """# Quality

Written by `python -m perf_pipeline.documents.quality_guide` from `perf_pipeline/catalogue/`; edit that, not this.

## How a day is judged

Every run checks what it has built. Each day of each dataset and service gets a verdict from each of the dataset's checks:
passed, failed, or crashed. <!-- crashed -->

What is built again has no verdict until it is checked again, and without one nothing is made of it. What a failure does is
the check's severity:

<!-- severities -->

A check is also of a kind, in the order in which to look: <!-- kinds -->.

## Where to see it

- **Dagit**: the check `every_day_passes_its_checks` of each checked asset. Open a day under the asset's *Partitions*, or
  *Checks* for the newest: it lists what each check found and expected.
- **The terminal**: `perf-pipeline status` lists the days that did not pass, with the next step, and the newest warnings.
  `nightly` and `backfill` end with the same causes.
- **SQL**: table [`perf.verdicts`](data_dictionary.md#verdicts), one row per dataset, service, day and check.
- **Great Expectations**: a page for each suite of the latest run in `{PERF_PUBLISH_DIR}/.data_docs/`: `DATASET.html` about
  the rows, `DATASET_deliveries.html` about what the sources delivered.

## What happens to a bad day

1. A day that fails a *blocking* check is held back: no month and no file takes it up. The last good figures of the day, if
   there are any, stay where they are. The other days, datasets and services go on.
2. Months are the sums of good days: the month goes on with the last good figures of the day, or counts a day less
   (`days_included_count`).
3. The run ends as failed, and people are told once for each cause.
4. Every night builds the day again until it passes; nobody has to keep a list. To do it at once:
   `perf-pipeline backfill --from DAY --to DAY`.

A warning holds nothing back and wakes nobody. Whoever looks decides.

## When each source is due

Until then a day that the source lacks is waiting; afterwards `sources_deliver_in_time` fails.

<!-- cadences -->

## What is tolerated

<!-- thresholds -->

A service gets its own value in the services file ([`services.toml`](../perf_pipeline/catalogue/services.toml), or that of
`PERF_SERVICES_FILE`). What it does not name stays as above:

```toml
<!-- example -->
```

Every day that is checked from then on is checked by it. What holds for all services is changed in
[`thresholds.py`](../perf_pipeline/catalogue/thresholds.py).

## The checks

The name of a check is a sentence that is true when it passes. What the columns mean is in the
[data dictionary](data_dictionary.md).

<!-- checks -->

## What to do when a check fails

<!-- steps -->

## Working with the quarantine

A source's row that can't be used is in no figure. It is noted in
[`perf.quarantined_rows`](data_dictionary.md#quarantined_rows): its service and source, where to find it there (`row_ref`,
such as `feedback.id=812` or `feedex_2026-03-01_2026-04-01.csv:17`), its day where that could be read, the reason, and when
it was first and last seen. Never its text: read that in the source.

How many there are, and why: `perf-pipeline status`; in Dagit, *Metadata* and *Plots* of the extracted assets, by day and
reason; or

```sql
SELECT * FROM perf.quarantined_rows WHERE resolved_at IS NULL ORDER BY report_date DESC, row_ref;
```

To let rows in again:

1. Mend the source, or the rule that rejects them (the reader in [`extracted/`](../perf_pipeline/extracted), with a test). Of
   two exports of the Feedback Explorer the newer one counts, whatever its name.
2. Read the days again: `perf-pipeline backfill --from DAY --to DAY`.
3. Rows that are good now count, their `resolved_at` is set, and the figures of the day and its month are published as a new
   version. The others stay, with a newer `last_seen_at`.

Nothing is ever deleted from the table, and nobody writes to it by hand: the next reading would not know of it.

<!-- reasons -->
"""
