CREATE TABLE floor_applications (
    id bigint, started_at timestamptz, created_at timestamptz, completed_at timestamptz, lpa_type text
);
CREATE TABLE floor_feedback (id bigint, received_at timestamptz, rating text);
