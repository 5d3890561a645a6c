SELECT
    period_start,
    count(*) FILTER (WHERE result = 'passed') AS passed,
    count(*) FILTER (WHERE result <> 'passed' AND severity <> 'warning') AS failed,
    count(*) FILTER (WHERE result <> 'passed' AND severity = 'warning') AS warnings
FROM perf.verdicts
WHERE dataset = ANY(:datasets) AND period_start BETWEEN :first_day AND :last_day
GROUP BY period_start
