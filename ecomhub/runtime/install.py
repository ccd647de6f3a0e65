"""Install the locked packages into the virtual environment that runs this file. Needs nothing but pip.

Run as a script, before anything is installed: ``.venv/bin/python ecomhub/runtime/install.py``; it takes
the name of the lock to install, ``requirements.lock`` (everything, for tests) without one.
The pip of the interpreter the environment was made from brings uv, and uv does the work: copying pip into
the environment first would cost a third of a first start. Where that pip is missing or uv cannot, the
environment gets a pip of its own, which does it more slowly from the same hashed lock.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
EVERYTHING = "requirements.lock"
UV = "uv==0.13.9"
QUIET = "--disable-pip-version-check"
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


def _outside_pip() -> tuple[str, ...]:
    """The pip of the interpreter this environment was made from, working on this environment."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = Path(sys.base_prefix) / "bin" / version
    return (str(python), "-m", "pip", "--python", sys.executable, QUIET)


def _own_pip() -> tuple[str, ...]:
    """A pip inside this environment, brought by Python itself."""
    subprocess.run([sys.executable, "-m", "ensurepip"], check=False, stdout=subprocess.DEVNULL)
    return (sys.executable, "-m", "pip", QUIET)


def _installs(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def _with_uv(lock: Path) -> bool:
    pip = _outside_pip()
    if not _installs(*pip, "install", "-q", UV):
        pip = _own_pip()
        if not _installs(*pip, "install", "-q", UV):
            return False
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
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
        str(lock),
    )
    result = subprocess.run(
        [sys.executable, *command],
        check=False,
        env=environment | settings,
        cwd=CHECKOUT,
    )
    return result.returncode == 0


def _with_pip(lock: Path) -> bool:
    print("uv could not install the packages; using pip, which takes longer.", file=sys.stderr, flush=True)
    command = (*_own_pip(), "install", "-q", "--require-hashes", "-r", str(lock))
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Install one lock's packages and make the checkout importable; the exit code of a program."""
    if sys.prefix == sys.base_prefix:
        print(
            "This belongs into a virtual environment: run `make demo` or `make test`.",
            file=sys.stderr,
        )
        return 2
    lock = CHECKOUT / (sys.argv[1] if len(sys.argv) > 1 else EVERYTHING)
    if not (_with_uv(lock) or _with_pip(lock)):
        print(
            "The packages could not be installed. Check that pip reaches a package registry "
            "(`python3 -m pip download pip` shows why not) and run the command again.",
            file=sys.stderr,
        )
        return 1
    (Path(sysconfig.get_path("purelib")) / "ecomhub.pth").write_text(f"{CHECKOUT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
