"""The bare application's entry: the hub's database and models, none of its middleware."""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")
django.setup(set_prefix=False)
# Only now: allauth refuses to start without its middleware.
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "logistics.bench_bare"

application = WSGIHandler()
