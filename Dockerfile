# One image for the code location, the daemon, the webserver and the commands. Production sets PERF_* (see .env.example).
FROM python:3.13-slim-trixie

RUN useradd --create-home --uid 1000 perf && install -d -o perf -g perf /srv/perf
WORKDIR /opt/perf_pipeline

# The packages come first, because they change less often than the code.
COPY requirements.lock ./
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY setup.py pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY perf_pipeline ./perf_pipeline
RUN .venv/bin/pip install --no-cache-dir --no-deps . && rm -rf perf_pipeline build *.egg-info

# dagster.yaml belongs to the image, so that a volume on /srv/perf can't hide it or keep an old one.
ENV PATH="/opt/perf_pipeline/.venv/bin:$PATH" \
    DAGSTER_HOME=/opt/perf_pipeline \
    PERF_HOME=/srv/perf \
    PERF_PUBLISH_DIR=/srv/perf/published \
    DAGSTER_EVENT_BATCH_SIZE=1000 \
    DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS=1
USER perf
WORKDIR /srv/perf
ENTRYPOINT ["perf-pipeline"]
CMD ["nightly"]
