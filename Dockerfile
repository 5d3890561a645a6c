# One image for the code location, the daemon, the webserver and the commands. Production sets PERF_* (see .env.example).
FROM python:3.13-slim-bookworm

RUN useradd --create-home --uid 1000 perf && mkdir -p /srv/perf/dagster && chown -R perf:perf /srv/perf
WORKDIR /opt/perf_pipeline

# The packages first: they change less often than the code.
COPY requirements.lock ./
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY setup.py pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY perf_pipeline ./perf_pipeline
RUN .venv/bin/pip install --no-cache-dir --no-deps . && cp dagster.yaml /srv/perf/dagster/

ENV PATH="/opt/perf_pipeline/.venv/bin:$PATH" \
    DAGSTER_HOME=/srv/perf/dagster \
    PERF_HOME=/srv/perf \
    PERF_PUBLISH_DIR=/srv/perf/published \
    DAGSTER_EVENT_BATCH_SIZE=1000 \
    DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS=1
USER perf
ENTRYPOINT ["perf-pipeline"]
CMD ["nightly"]
