SELECT
    to_regclass('public.applications') IS NOT NULL OR to_regclass('public.feedback') IS NOT NULL,
    obj_description(to_regclass('public.applications'), 'pg_class')
