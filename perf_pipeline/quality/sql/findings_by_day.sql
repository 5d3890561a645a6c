-- What one check finds in a dataset, as one row for each subject and period: it is grouped here, so that a million bad rows
-- are no more to carry than one. The check reads `each_row`, the rows of the range, or `batch`, the same rows once for each
-- day that they count on.
WITH each_row AS NOT MATERIALIZED (
    SELECT *, {subject} AS subject FROM perf.{dataset} WHERE {in_range}
),

batch AS NOT MATERIALIZED (
    SELECT each_row.*, counted.period_start FROM each_row CROSS JOIN LATERAL ({counted_days}) AS counted (period_start)
)

SELECT
    subject,
    period_start,
    bool_or(is_broken) AS is_broken,
    count(*) FILTER (WHERE is_broken) AS faults,
    coalesce(min(observed) FILTER (WHERE is_broken), min(observed)) AS observed,
    coalesce(min(expected) FILTER (WHERE is_broken), min(expected)) AS expected
FROM (
    {check}
) AS findings
WHERE subject IN ({subjects}) AND {is_kept}
GROUP BY subject, period_start
