#!/usr/bin/env python
"""Django's commands, with the settings of a demo running from this folder when none are given."""

import os
import sys

from django.core.management import execute_from_command_line

from ecomhub.runtime import i18n, launch

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecomhub.settings")
    os.environ.setdefault("ECOMHUB_LOG_LEVEL", "WARNING")
    launch.adopt_demo()
    if "migrate" in sys.argv[1:2]:
        launch.adopt_owner()
    i18n.compile_catalogs()
    execute_from_command_line(sys.argv)
