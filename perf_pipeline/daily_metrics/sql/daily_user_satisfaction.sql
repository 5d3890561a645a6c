-- Counts of the delivered days. A delivered day without ratings is a row of zeros. Days whose single ratings were dropped
-- take the frozen counts. The service prunes old ratings from its own table. A day first read after that is an undercount.
SELECT
    ledger.subject AS service,
    ledger.period_start AS report_date,
    ledger.source_name AS source,
    coalesce(max(frozen.very_satisfied_count), sum(ratings_count) FILTER (WHERE rating = 5), 0)::bigint AS very_satisfied_count,
    coalesce(max(frozen.satisfied_count), sum(ratings_count) FILTER (WHERE rating = 4), 0)::bigint AS satisfied_count,
    coalesce(max(frozen.neither_count), sum(ratings_count) FILTER (WHERE rating = 3), 0)::bigint AS neither_count,
    coalesce(max(frozen.dissatisfied_count), sum(ratings_count) FILTER (WHERE rating = 2), 0)::bigint AS dissatisfied_count,
    coalesce(
        max(frozen.very_dissatisfied_count), sum(ratings_count) FILTER (WHERE rating = 1), 0
    )::bigint AS very_dissatisfied_count,
    ledger.is_short
    OR ledger.delivered_at < (ledger.period_start + 1)::timestamp AT TIME ZONE :timezone AS is_provisional,
    ledger.is_short OR (
        ledger.source_name = 'in-service'
        AND (ledger.first_delivered_at AT TIME ZONE :timezone)::date > (
            ledger.period_start + make_interval(months => CAST(:ratings_kept_months AS integer))
        )::date
    ) AS is_estimated
FROM perf.source_deliveries AS ledger
LEFT JOIN perf.extracted_feedback AS feedback
    ON feedback.service = ledger.subject
    AND feedback.source = ledger.source_name
    AND feedback.report_date = ledger.period_start
    AND feedback.superseded_at IS NULL
LEFT JOIN perf.frozen_feedback_counts AS frozen
    ON frozen.service = ledger.subject
    AND frozen.source = ledger.source_name
    AND frozen.report_date = ledger.period_start
WHERE ledger.source_name = ANY(:sources) AND ledger.period_start BETWEEN :first_day AND :last_day
GROUP BY ledger.subject, ledger.source_name, ledger.period_start
ORDER BY ledger.subject, ledger.period_start, ledger.source_name
