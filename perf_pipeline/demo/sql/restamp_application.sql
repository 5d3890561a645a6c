UPDATE public.applications
SET "updatedAt" = now(), "createdAt" = %(created_at)s, "completedAt" = %(completed_at)s
WHERE id = %(id)s
