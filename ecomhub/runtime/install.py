"""Install the locked packages into the interpreter that runs this file. Needs nothing but pip.

Run as a script, before anything is installed: ``.venv/bin/python ecomhub/runtime/install.py``.
uv does the work; plain pip does it where uv cannot, more slowly, from the same hashed lock.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LOCK = CHECKOUT / "requirements.lock"
UV = "uv==0.13.9"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
# uv reads none of pip's configuration, so what a machine's pip was told is passed on.
OPTIONS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "no-index": "UV_NO_INDEX",
}
SEPARATORS = {"UV_FIND_LINKS": ","}


def pip_options(*, listing: str) -> dict[str, str]:
    """pip's options for an install out of ``pip config list``; later sections outrank earlier ones."""
    ranked: list[tuple[int, str, str]] = []
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if not separator or section not in ("global", "install", ":env:"):
            continue
        try:
            text = str(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            text = value
        ranked.append(
            (
                ("global", "install", ":env:").index(section),
                option.replace("_", "-"),
                text,
            )
        )
    return {option: text for _, option, text in sorted(ranked, key=lambda entry: entry[0])}


def uv_environment(*, options: dict[str, str]) -> dict[str, str]:
    """The same options as uv's environment variables."""
    made: dict[str, str] = {}
    for option, text in options.items():
        variable = OPTIONS.get(option)
        words = text.split()
        if variable and words:
            made[variable] = SEPARATORS.get(variable, " ").join(words)
    if "UV_INDEX" in made or "UV_FIND_LINKS" in made:
        # pip takes a version from whichever place has it; every file's hash is in the lock.
        made["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return made


def _with_uv() -> bool:
    if subprocess.run([*PIP, "install", "-q", UV], check=False).returncode != 0:
        return False
    listing = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False).stdout
    environment = uv_environment(options=pip_options(listing=listing)) | os.environ
    # Whatever configuration lies around, the lock alone says what is installed.
    settings = {"UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"}
    command = (
        "-m",
        "uv",
        "pip",
        "install",
        "-q",
        "--python",
        sys.executable,
        "--require-hashes",
        "-r",
        str(LOCK),
    )
    result = subprocess.run(
        [sys.executable, *command],
        check=False,
        env=environment | settings,
        cwd=CHECKOUT,
    )
    return result.returncode == 0


def _with_pip() -> bool:
    print(
        "uv could not install the packages; using pip, which takes longer.",
        file=sys.stderr,
        flush=True,
    )
    return (
        subprocess.run([*PIP, "install", "-q", "--require-hashes", "-r", str(LOCK)], check=False).returncode
        == 0
    )


def main() -> int:
    """Install everything and make the checkout importable; the exit code of a program."""
    if sys.prefix == sys.base_prefix:
        print(
            "This belongs into a virtual environment: run `make demo` or `make test`.",
            file=sys.stderr,
        )
        return 2
    if not (_with_uv() or _with_pip()):
        print(
            "The packages could not be installed. Check that pip reaches a package registry "
            "(`pip download pip` shows why not) and run the command again.",
            file=sys.stderr,
        )
        return 1
    (Path(sysconfig.get_path("purelib")) / "ecomhub.pth").write_text(f"{CHECKOUT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
