-- A finding has a line for each source that breaks the check.
SELECT
    verdict.dataset,
    verdict.subject,
    verdict.period_start,
    verdict.check_name,
    verdict.severity,
    verdict.result,
    finding.observed,
    finding.expected
FROM perf.verdicts AS verdict
CROSS JOIN LATERAL unnest(
    string_to_array(verdict.observed, E'\n'), string_to_array(verdict.expected, E'\n')
) AS finding (observed, expected)
WHERE verdict.result <> 'passed' AND verdict.check_name = ANY(:source_checks) AND verdict.subject = ANY(:subjects)
ORDER BY verdict.period_start, verdict.dataset, verdict.subject, verdict.check_name, finding.observed
