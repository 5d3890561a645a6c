COMMENT ON TABLE public.applications IS %(mark)s
