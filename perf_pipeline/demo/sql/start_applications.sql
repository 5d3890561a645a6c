INSERT INTO public.applications (
    id, "user", "updatedAt", "startedAt", "createdAt", "completedAt", "lockedAt", locked, "whoAreYouAnswered", seed,
    "repeatCaseNumber", document, payment, metadata, search, "sharedSpaceId"
)
SELECT
    id, "user", "updatedAt", "startedAt", "createdAt", "completedAt", "lockedAt", locked, "whoAreYouAnswered", seed,
    "repeatCaseNumber", document, payment, metadata, search, "sharedSpaceId"
FROM lives
WHERE NOT is_gone
