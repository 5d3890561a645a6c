-- Returns a row only when the alert was not recorded before.
INSERT INTO perf.alerts_sent (about, night, alert_subject, check_name, finding_digest, sent_at)
VALUES (:about, :night, :alert_subject, :check_name, :finding_digest, :now)
ON CONFLICT DO NOTHING
RETURNING about
