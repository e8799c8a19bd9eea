FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt ./
RUN pip install --require-hashes --compile -r requirements.txt

COPY . .
# Collecting reads the settings but asks no server.
RUN COLLECTING=1 python manage.py collectstatic --noinput --skip-checks \
    && python -m compileall -q . \
    && useradd --system --no-create-home scheduler \
    && install -d -o scheduler /data

USER scheduler
EXPOSE 8000
CMD ["python", "-m", "daphne", "--ping-interval", "45", "-b", "0.0.0.0", "-p", "8000", "gamesched.asgi:application"]
