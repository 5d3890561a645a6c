DELETE FROM public.applications AS application
USING lives AS life
WHERE application.id = life.id AND life.is_gone
