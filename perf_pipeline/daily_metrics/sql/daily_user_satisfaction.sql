-- Counts of the delivered days; a delivered day without a rating is a row of zeros. A day of the service's own table that
-- was first read when the service had already pruned its ratings is an undercount.
SELECT
    ledger.service,
    ledger.report_date,
    ledger.source_name AS source,
    coalesce(sum(ratings_count) FILTER (WHERE rating = 5), 0)::bigint AS very_satisfied_count,
    coalesce(sum(ratings_count) FILTER (WHERE rating = 4), 0)::bigint AS satisfied_count,
    coalesce(sum(ratings_count) FILTER (WHERE rating = 3), 0)::bigint AS neither_count,
    coalesce(sum(ratings_count) FILTER (WHERE rating = 2), 0)::bigint AS dissatisfied_count,
    coalesce(sum(ratings_count) FILTER (WHERE rating = 1), 0)::bigint AS very_dissatisfied_count,
    ledger.is_short OR ledger.delivered_at < (ledger.report_date + 1)::timestamp AT TIME ZONE :timezone AS is_provisional,
    ledger.is_short OR (
        ledger.source_name = 'in-service'
        AND (ledger.first_delivered_at AT TIME ZONE :timezone)::date > (
            ledger.report_date + make_interval(months => CAST(:ratings_kept_months AS integer))
        )::date
    ) AS is_estimated
FROM perf.source_deliveries AS ledger
LEFT JOIN perf.extracted_feedback AS feedback
    ON feedback.service = ledger.service
    AND feedback.source = ledger.source_name
    AND feedback.report_date = ledger.report_date
    AND feedback.superseded_at IS NULL
WHERE
    ledger.source_name = ANY(:sources)
    AND ledger.delivered_at IS NOT NULL
    AND ledger.report_date BETWEEN :first_day AND :last_day
GROUP BY ledger.service, ledger.source_name, ledger.report_date
ORDER BY ledger.service, ledger.report_date, ledger.source_name
