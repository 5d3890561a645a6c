-- Rows with a value that the catalogue does not allow; of several the first, in the order of the columns.
SELECT
    subject,
    period_start,
    CASE {contract_observed} END AS observed,
    CASE {contract_expected} END AS expected,
    CASE {contract_observed} END IS NOT NULL AS is_broken
FROM batch
