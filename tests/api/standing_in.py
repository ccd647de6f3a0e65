"""What the quick starts call on, for a machine that has Python and nothing else.

Where curl is installed it is curl that runs. Elsewhere this does what the pages ask of it: the same requests,
and the same failures; an option the pages do not use is refused.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

_CURL = """#!{python}
import sys, urllib.error, urllib.request

headers, data, method, address, fails = {{}}, None, None, "", False
words = iter(sys.argv[1:])
for word in words:
    if word == "-H":
        name, _mark, value = next(words).partition(":")
        headers[name.strip()] = value.strip()
    elif word == "-d":
        data = next(words).encode()
    elif word == "-X":
        method = next(words)
    elif word == "--fail-with-body":
        fails = True
    elif word.startswith("-") and word != "-sS":
        sys.exit(f"no stand-in knows {{word}}")
    elif not word.startswith("-"):
        address = word
request = urllib.request.Request(address, data=data, headers=headers, method=method)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
sys.stdout.write(answer.read().decode())
sys.exit(22 if fails and answer.status >= 400 else 0)
"""
_PYTHON = '#!/bin/sh\nexec "{python}" "$@"\n'


def tools(folder: Path) -> str:
    """Return a folder with stand-ins for the programs this machine lacks, to be looked in first."""
    folder.mkdir()
    for name, text in (("curl", _CURL), ("python3", _PYTHON)):
        if shutil.which(name) is None:
            program = folder / name
            program.write_text(text.format(python=sys.executable))
            program.chmod(0o755)
    return str(folder)
