-- On the new day, some of the applications of the last weeks are created.
UPDATE applications SET "createdAt" = %(start_at)s::timestamptz + interval '9 hours'
WHERE
    "createdAt" IS NULL AND id %% 50 = 0
    AND "startedAt" >= %(start_at)s::timestamptz - interval '60 days' AND "startedAt" < %(start_at)s
