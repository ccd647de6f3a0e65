# One image for web, worker, beat and migrations. The sandbox and its packages are not in it.
FROM python:3.11-slim AS packages
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
COPY requirements-production.lock /tmp/
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache --require-hashes -r /tmp/requirements-production.lock \
    && /venv/bin/uv pip uninstall --python /venv/bin/python uv

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin ecomhub \
    && install -d -o ecomhub -g ecomhub /data/files
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=ecomhub.settings \
    ECOMHUB_ENV=production \
    ECOMHUB_FILES_DIR=/data/files \
    ECOMHUB_STATIC_ROOT=/app/static
WORKDIR /app
COPY . .
# The settings refuse to load without values; these are for this step alone and open nothing.
RUN ALLOWED_HOSTS=build ECOMHUB_ORIGIN=https://build DATABASE_URL=postgresql://build/build REDIS_URL=redis://build \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    ECOMHUB_BLIND_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    ECOMHUB_KEYRING="build:$(python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())')" \
    python manage.py collectstatic --noinput --verbosity 0
USER ecomhub
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--blocking-threads", "8", "--respawn-failed-workers", "--workers-kill-timeout", "5", "--no-ws", "ecomhub.wsgi:application"]
