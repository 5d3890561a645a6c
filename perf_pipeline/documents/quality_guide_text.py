"""The words of the guide to quality that belong to no entry of the catalogue, with a place for each table of entries.

What a check, threshold, cadence or reason means is in its own entry. Here is what people need besides, in the order in which
they need it.
"""

EXAMPLE = """[make-a-lpa.thresholds]
quiet_days = 10
headline_jump_points = 12.5"""

GUIDE = """# Quality

`python -m perf_pipeline.documents.quality_guide` writes this file from `perf_pipeline/catalogue/` and
`perf_pipeline/documents/quality_guide_text.py`. To change it, change those.

## How sources are checked

Every extraction ends with the checks of the sources, even if nothing is built afterwards:

<!-- source_checks -->

A failure removes nothing that was read. A service that is removed from the services file is no longer checked.

### When each source is due

Until then, a day that the source has not delivered is waiting. After that, `sources_deliver_in_time` fails.

<!-- cadences -->

## How a day is checked

Every run checks what it has built. Each day of each dataset and service gets a verdict from each of the dataset's checks:

<!-- results -->

A day that is built again has no verdict until it is checked again. Nothing is made from a day without a verdict. The
severity of a check is the effect of its failure:

<!-- severities -->

There are five kinds of checks. Look at them in this order:

<!-- kinds -->

## Where to see it

- **Dagit**: the check `every_source_delivered` of `source_verdicts`, and the checks of each checked asset.
  `every_day_passes_its_checks` has every day under its *Partitions*: what each check found and expected. A day with a
  warning has passed and says so; `no_day_has_a_warning` shows the warnings on the days of the newest run. A day that
  nothing has checked since it was built is missing.
- **The terminal**: `perf-pipeline status` lists the days that did not pass, with the next step, and the newest warnings.
  `nightly` and `backfill` end with the same lines.
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
   there are any, stay published. Other days, datasets and services are not affected.
2. A month is the sum of its good days. It includes the last good figures of the bad day. If there are none, it includes one
   day less (`days_included_count`).
3. The run ends as failed, and one alert is sent for each cause.
4. The day is built again when its source delivers something new for it, or when the code or the catalogue has changed. A
   check that crashed is tried again in the next run. To build a day at once: `perf-pipeline backfill --from DAY --to DAY`.

A warning holds nothing back and sends no alert. A person decides whether the figure is right.

The checks of daily tables look at every type of LPA by day. Figures by type are published by month only.

## What is tolerated

<!-- thresholds -->

A service can have its own value in the services file ([`services.toml`](../perf_pipeline/catalogue/services.toml), or the
file in `PERF_SERVICES_FILE`). For the other thresholds, the values above apply:

```toml
<!-- example -->
```

The value applies to every day that is checked from then on. To change a value for all services, edit
[`thresholds.py`](../perf_pipeline/catalogue/thresholds.py).

## The checks

The name of a check is a sentence that is true when it passes. The column *fault* has the words that `status`, alerts and the
end of a run use when it fails. The [data dictionary](data_dictionary.md) explains the columns of the datasets.

<!-- checks -->

## What to do when a check fails

<!-- steps -->

## Working with the quarantine

A row of a source that can't be used is not part of any figure. It is recorded in
[`perf.quarantined_rows`](data_dictionary.md#quarantined_rows): its service and source, where to find it there (`row_ref`,
such as `feedback.id=812` or `feedex_2026-03-01_2026-04-01.csv:17`, and `file_name`), its day (`period_start`) where that
could be read, the reason, and when it was first and last seen. Its text is not recorded; look it up in the source.

`perf-pipeline status` shows the number of rows by reason. *Metadata* and *Plots* of the extracted assets in Dagit show it by
day and reason. This query lists the rows:

```sql
SELECT * FROM perf.quarantined_rows WHERE resolved_at IS NULL ORDER BY period_start DESC, row_ref;
```

To use the rows again:

1. Correct the source, or the rule that rejects them (the reader in [`extracted/`](../perf_pipeline/extracted), with a
   test). Of two exports of the Feedback Explorer the newer one is used, whatever its name.
2. Read the days again: `perf-pipeline backfill --from DAY --to DAY`.
3. Rows that are usable now are counted, and their `resolved_at` is set. The figures of the day and of its month are
   published as new versions. The other rows stay in quarantine, with a newer `last_seen_at`.

Never change this table by hand: the next reading would overwrite the change. Rows are never deleted from it.

<!-- reasons -->
"""
