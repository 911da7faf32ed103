# syntax=docker/dockerfile:1
# The agent beside a camera, and the forwarder of its broker; for amd64 and arm64. Build it from the source tree:
#   docker buildx build --platform linux/amd64,linux/arm64 -f docker/edge.Dockerfile -t framewise-edge .
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
COPY requirements/edge.lock /tmp/requirements.lock
# Wheels only: what had to be compiled would need a compiler for each architecture.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-input --disable-pip-version-check --only-binary=:all: \
        --require-hashes --requirement /tmp/requirements.lock

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FRAMEWISE_DATA_DIR=/data \
    HOME=/tmp
# The group `video` owns cameras.
RUN useradd --system --uid 10001 --user-group --groups video --home-dir /tmp --no-create-home framewise \
    && install --directory --owner=framewise --group=framewise /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY connectors connectors
COPY inference inference
COPY models models
COPY pipeline pipeline
USER 10001:10001
VOLUME /data
CMD ["python", "-m", "connectors.edge.agent.main"]
