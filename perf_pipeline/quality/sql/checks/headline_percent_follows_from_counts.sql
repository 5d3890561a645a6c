-- Headlines that are not what the method they name gives.
SELECT
    batch.subject,
    batch.period_start,
    coalesce(batch.headline_percent || ' %', 'no headline') || ' under ' || batch.headline_method AS observed,
    coalesce(computed.value || ' %', 'no headline') AS expected,
    batch.headline_percent IS DISTINCT FROM computed.value AS is_broken
FROM batch
LEFT JOIN LATERAL (VALUES {numerators}) AS counted (method, numerator) ON counted.method = batch.headline_method
CROSS JOIN LATERAL (SELECT round(100 * counted.numerator / nullif(batch.responses_count, 0))) AS computed (value)
