-- Applications that reached a state in [start_at, end_at), with all their stamps. "updatedAt" can't be used as a watermark:
-- completion, lock and payment do not change it. Blanked rows have no stamps, so they are not found.
-- Columns: id, started_at, created_at, completed_at, lpa_type.
SELECT
    id,
    "startedAt",
    "createdAt",
    "completedAt",
    CASE document ->> 'type'
        WHEN 'property-and-financial' THEN 'property-and-financial'
        WHEN 'health-and-welfare' THEN 'health-and-welfare'
        ELSE 'unknown'
    END
FROM applications
WHERE
    ("startedAt" >= %(start_at)s AND "startedAt" < %(end_at)s)
    OR ("createdAt" >= %(start_at)s AND "createdAt" < %(end_at)s)
    OR ("completedAt" >= %(start_at)s AND "completedAt" < %(end_at)s)
