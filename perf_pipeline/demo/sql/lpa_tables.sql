-- The service's own definitions (DOMAIN 3.1). Keys and indexes are made after the first load, which they would slow down.
CREATE TABLE public.applications (
    id bigint NOT NULL,
    "user" text,
    "updatedAt" timestamptz NOT NULL,
    "startedAt" timestamptz,
    "createdAt" timestamptz,
    "completedAt" timestamptz,
    "lockedAt" timestamptz,
    locked boolean,
    "whoAreYouAnswered" boolean,
    seed bigint,
    "repeatCaseNumber" bigint,
    document jsonb,
    payment jsonb,
    metadata jsonb,
    search text,
    "sharedSpaceId" text
);

CREATE TABLE public.feedback (
    id serial,
    received timestamptz NOT NULL,
    message jsonb NOT NULL
);
