ALTER TABLE public.applications ADD PRIMARY KEY (id);
CREATE INDEX "applications_user_updatedAt" ON public.applications ("user", "updatedAt");
CREATE INDEX "applications_startedAt" ON public.applications ("startedAt");
CREATE INDEX "applications_createdAt" ON public.applications ("createdAt");
CREATE INDEX "applications_completedAt" ON public.applications ("completedAt");
ALTER TABLE public.feedback ADD PRIMARY KEY (id);
CREATE INDEX feedback_received ON public.feedback (received);
