UPDATE public.applications
SET
    "user" = NULL,
    "updatedAt" = now(),
    "startedAt" = NULL,
    "createdAt" = NULL,
    "completedAt" = NULL,
    "lockedAt" = NULL,
    locked = NULL,
    "whoAreYouAnswered" = NULL,
    seed = NULL,
    "repeatCaseNumber" = NULL,
    document = NULL,
    payment = NULL,
    metadata = NULL,
    search = NULL,
    "sharedSpaceId" = NULL
WHERE id = %(id)s
