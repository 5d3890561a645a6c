DELETE FROM public.feedback WHERE received < %(before)s
