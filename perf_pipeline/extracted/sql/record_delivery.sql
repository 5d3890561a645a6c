INSERT INTO perf.source_deliveries AS ledger (
    service, source_name, report_date, outcome, failure, first_delivered_at, delivered_at, attempted_at, is_short,
    rows_read_count, rows_kept_count, rows_quarantined_count, rows_duplicate_count, run_id, complete_up_to
)
VALUES (
    :service, :source_name, :report_date, :outcome, :failure,
    CASE WHEN :outcome = 'delivered' THEN CAST(:attempted_at AS timestamptz) END,
    CASE WHEN :outcome = 'delivered' THEN CAST(:attempted_at AS timestamptz) END,
    :attempted_at, :is_short, :rows_read_count, :rows_kept_count, :rows_quarantined_count, :rows_duplicate_count, :run_id,
    :complete_up_to
)
ON CONFLICT (service, source_name, report_date) DO UPDATE SET
    outcome = excluded.outcome,
    failure = excluded.failure,
    attempted_at = excluded.attempted_at,
    run_id = excluded.run_id,
    released_at = NULL,
    complete_up_to = excluded.complete_up_to,
    first_delivered_at = coalesce(ledger.first_delivered_at, excluded.first_delivered_at),
    delivered_at = greatest(excluded.delivered_at, ledger.delivered_at),
    is_short = CASE WHEN excluded.outcome = 'delivered' THEN excluded.is_short ELSE ledger.is_short END,
    rows_read_count = CASE WHEN excluded.outcome = 'delivered' THEN excluded.rows_read_count ELSE ledger.rows_read_count END,
    rows_kept_count = CASE WHEN excluded.outcome = 'delivered' THEN excluded.rows_kept_count ELSE ledger.rows_kept_count END,
    rows_quarantined_count = CASE
        WHEN excluded.outcome = 'delivered' THEN excluded.rows_quarantined_count ELSE ledger.rows_quarantined_count
    END,
    rows_duplicate_count = CASE
        WHEN excluded.outcome = 'delivered' THEN excluded.rows_duplicate_count ELSE ledger.rows_duplicate_count
    END
