# One image for every program; the last stages differ in what they start and how they are asked for their health.
# docker compose build makes it; docker-bake.hcl builds it for amd64 and arm64. The digest is renewed by Dependabot.
ARG PYTHON=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt ./
# What no program reads stays behind: tests, languages that we do not have, parts of libraries, symbols for debuggers. The
# libraries that wheels brought along, in *.libs, cannot be stripped.
RUN apt-get update && apt-get install -y --no-install-recommends binutils \
    && python -m venv --without-pip /venv \
    && /usr/local/bin/python -m pip --python /venv/bin/python install --require-hashes --no-compile -r requirements.txt \
    && cd /venv/lib/python3.*/site-packages \
    && find . -name '*.po' -delete \
    && find . -type d -path '*/locale/*' ! -path '*/locale/*/*' ! -name en ! -name de ! -name he -prune -exec rm -rf {} + \
    && find twisted icalendar autobahn zope -type d \( -name test -o -name tests \) -prune -exec rm -rf {} + \
    && for part in conch mail names trial words; do rm -rf twisted/$part twisted/plugins/twisted_$part.py || exit 1; done \
    && rm -rf autobahn/_flatc discord/bin django/contrib/gis \
    && find . -name '*.so' ! -path '*.libs/*' -exec strip --strip-unneeded {} +
COPY . .
# Collecting reads the settings but asks no server. Importing compiles what the programs use of the libraries.
RUN COLLECTING=1 python manage.py collectstatic --noinput --skip-checks \
    && COLLECTING=1 DJANGO_SETTINGS_MODULE=gamesched.settings python -c "import django; django.setup(); import gamesched.urls, \
        games.pages.live, channels.routing, daphne.cli, django_q.cluster, discord_bot.management.commands.runbot, \
        notifications.management.commands.notifyd" \
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

# Two programs of the package, whose others need Perl. As new as the server of compose.yaml.
FROM ${PYTHON} AS client
WORKDIR /client
RUN apt-get update && apt-get download postgresql-client-17 && dpkg -x postgresql-client-17_*.deb .

FROM app AS bot
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=1 CMD ["python", "-m", "notifications.probe", "bot"]
CMD ["python", "manage.py", "runbot"]

FROM app AS notifyd
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=1 CMD ["python", "-m", "notifications.probe", "notifyd"]
CMD ["python", "manage.py", "notifyd"]

FROM app AS worker
# What makes and restores backups.
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/* \
    && install -d -m 700 -o 10001 -g 10001 /backups
COPY --from=client /client/usr/lib/postgresql/17/bin/pg_dump /client/usr/lib/postgresql/17/bin/pg_restore /usr/local/bin/
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=1 CMD ["python", "-m", "notifications.probe", "worker"]
CMD ["python", "manage.py", "worker"]

FROM app AS web
EXPOSE 8000
HEALTHCHECK --interval=20s --timeout=5s --start-period=60s --retries=2 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=3)"]
CMD ["python", "-m", "daphne", "--ping-interval", "45", "-b", "0.0.0.0", "-p", "8000", "gamesched.asgi:application"]
