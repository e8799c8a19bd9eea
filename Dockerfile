# One image for every program; the last stages differ in what they start and how they are asked for their health.
# docker compose build makes it; docker-bake.hcl builds it for amd64 and arm64. The digest is renewed by Dependabot.
ARG PYTHON=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt ./
# What no program reads stays behind: other packages' tests, and translations before they are compiled.
RUN python -m venv --without-pip /venv \
    && /usr/local/bin/python -m pip --python /venv/bin/python install --require-hashes --no-compile -r requirements.txt \
    && find /venv -name '*.po' -delete \
    && find /venv/lib/python3.*/site-packages/twisted /venv/lib/python3.*/site-packages/icalendar \
        /venv/lib/python3.*/site-packages/autobahn /venv/lib/python3.*/site-packages/zope \
        -type d \( -name test -o -name tests \) -prune -exec rm -rf {} + \
    && python -m compileall -q /venv
COPY . .
# Collecting reads the settings but asks no server.
RUN COLLECTING=1 python manage.py collectstatic --noinput --skip-checks \
    && python -m compileall -q .

FROM ${PYTHON} AS app
# Puts in order what is written from right to left on the pictures of share links.
RUN apt-get update && apt-get install -y --no-install-recommends libfribidi0 && rm -rf /var/lib/apt/lists/*
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Game Scheduler" \
    org.opencontainers.image.description="Schedules games in Discord: announcements, seats, wait lists and reminders" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
WORKDIR /app
# A number, so that Kubernetes sees that it is not root. /data is the local Discord's.
RUN install -d -o 10001 -g 10001 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001

FROM app AS bot
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=2 CMD ["python", "manage.py", "runbot", "--check", "--skip-checks"]
CMD ["python", "manage.py", "runbot"]

FROM app AS notifyd
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=2 CMD ["python", "manage.py", "notifyd", "--check", "--skip-checks"]
CMD ["python", "manage.py", "notifyd"]

FROM app AS worker
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=2 CMD ["python", "manage.py", "worker", "--check", "--skip-checks"]
CMD ["python", "manage.py", "worker"]

FROM app AS web
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=2 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=3)"]
CMD ["python", "-m", "daphne", "--ping-interval", "45", "-b", "0.0.0.0", "-p", "8000", "gamesched.asgi:application"]
