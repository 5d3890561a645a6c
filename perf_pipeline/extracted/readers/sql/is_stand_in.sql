-- Whether the Make an LPA stand-in made the tables.
SELECT position('"stand_in"' IN coalesce(obj_description(to_regclass('public.applications'), 'pg_class'), '')) > 0
