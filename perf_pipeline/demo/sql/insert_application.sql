INSERT INTO public.applications (
    id, "user", "updatedAt", "startedAt", "createdAt", "completedAt", "lockedAt", locked, document
)
SELECT
    coalesce(%(id)s, max(id) + 1, 1),
    'user',
    %(updated_at)s,
    %(started_at)s,
    %(created_at)s,
    %(completed_at)s,
    %(completed_at)s,
    %(completed_at)s::timestamptz IS NOT NULL,
    %(document)s
FROM public.applications
RETURNING id
