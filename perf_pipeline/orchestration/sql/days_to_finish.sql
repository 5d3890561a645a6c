-- Days whose figures are provisional for want of being asked for once more, with the first day on which that helps: the
-- day after, where a day was last asked for before it was over; the end of its window, where Sirius never calls it final.
SELECT report_date, min(finished_from) AS finished_from
FROM (
    SELECT report_date, report_date + 1 AS finished_from
    FROM perf.source_deliveries
    WHERE
        delivered_at IS NOT NULL
        AND attempted_at < (report_date + 1)::timestamp AT TIME ZONE :timezone
    UNION ALL
    SELECT take_up.report_date, take_up.report_date + CAST(:revision_days AS integer)
    FROM perf.daily_digital_take_up AS take_up
    JOIN perf.source_deliveries AS ledger
        ON ledger.service = take_up.service AND ledger.source_name = 'sirius' AND ledger.report_date = take_up.report_date
    WHERE
        take_up.is_provisional
        AND ledger.attempted_at < (take_up.report_date + CAST(:revision_days AS integer))::timestamp AT TIME ZONE :timezone
) AS unfinished
WHERE report_date BETWEEN :first_day AND :last_day
GROUP BY report_date
