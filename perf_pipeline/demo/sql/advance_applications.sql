UPDATE public.applications AS application
SET
    "user" = life."user",
    "updatedAt" = life."updatedAt",
    "startedAt" = life."startedAt",
    "createdAt" = life."createdAt",
    "completedAt" = life."completedAt",
    "lockedAt" = life."lockedAt",
    locked = life.locked,
    "whoAreYouAnswered" = life."whoAreYouAnswered",
    seed = life.seed,
    "repeatCaseNumber" = life."repeatCaseNumber",
    document = life.document,
    payment = life.payment,
    metadata = life.metadata,
    search = life.search
FROM lives AS life
WHERE application.id = life.id AND NOT life.is_gone
