SELECT setval('public.feedback_id_seq', max(id)) FROM public.feedback
