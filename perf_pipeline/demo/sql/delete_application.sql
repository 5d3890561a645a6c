DELETE FROM public.applications WHERE id = %(id)s
