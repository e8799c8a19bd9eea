FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --compile -r requirements.txt

COPY . .
# Collecting needs no server and no secrets, only settings that load.
RUN COLLECTING=1 DATABASE_URL=postgresql:///none python manage.py collectstatic --noinput --skip-checks

RUN useradd --system --no-create-home scheduler
USER scheduler
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "daphne", "-b", "0.0.0.0", "-p", "8000", "--proxy-headers", "gamesched.asgi:application"]
