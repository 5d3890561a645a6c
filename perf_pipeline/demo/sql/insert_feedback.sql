INSERT INTO public.feedback (received, message)
VALUES (%(received)s, %(message)s)
RETURNING id
