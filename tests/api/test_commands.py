"""People, tokens and keys from the command line."""

from __future__ import annotations

import io
import json

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import Client

from ecomhub.access import SCOPES
from ecomhub.models import AuthToken, User

pytestmark = pytest.mark.django_db


def run(name: str, *words: str) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue().strip()


def opens(token: str, path: str = "orders/") -> int:
    """The status a token gets."""
    return Client(headers={"Authorization": f"Token {token}"}).get(f"/api/v1/{path}").status_code


def test_person_is_made_once_with_a_password_of_their_own() -> None:
    made = json.loads(run("createuser", "--username", "ann", "--role", "operations", "--json"))
    assert made["created"]
    assert Client().login(username="ann", password=made["password"])
    with pytest.raises(CommandError, match="already"):
        run("createuser", "--username", "ann", "--role", "owner")
    again = json.loads(run("createuser", "--username", "ann", "--role", "owner", "--if-missing", "--json"))
    assert again == {"username": "ann", "role": "operations", "created": False}


def test_given_password_is_not_printed_and_not_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("createuser", "bob", "--role", "viewer", "--password", "a long enough phrase")
    assert "phrase" not in said
    monkeypatch.setenv("ECOMHUB_PASSWORD", "another long phrase")
    assert "phrase" not in run("createuser", "eve", "--role", "viewer")
    assert Client().login(username="eve", password="another long phrase")
    with pytest.raises(CommandError, match="short"):
        run("createuser", "joe", "--role", "viewer", "--password", "short")
    assert not User.objects.filter(username="joe").exists()


def test_token_opens_what_its_scopes_say() -> None:
    run("createuser", "ann", "--role", "operations")
    made = json.loads(run("api_token", "--user", "ann", "--name", "erp", "--scopes", "stock:read", "--json"))
    assert (made["user"], made["scopes"]) == ("ann", ["stock:read"])
    assert (opens(made["token"]), opens(made["token"], "stock/levels/")) == (403, 200)
    every = run("api_token", "ann")
    assert opens(every) == 200
    assert sorted(AuthToken.objects.get(name="api").scopes) == sorted(SCOPES)
    assert not AuthToken.objects.filter(digest=every).exists(), "only the hash is kept"


def test_replaced_token_stops_working_and_others_do_not() -> None:
    run("createuser", "ann", "--role", "operations")
    old, other = run("api_token", "ann", "--name", "demo"), run("api_token", "ann", "--name", "erp")
    new = run("api_token", "ann", "--name", "demo", "--replace")
    assert [opens(token) for token in (old, other, new)] == [401, 200, 200]


@pytest.mark.parametrize(
    "words",
    [[], ["nobody"], ["ann", "--scopes", "orders:explode"], ["ann", "--shops", "one"]],
)
def test_wrong_token_wishes_are_explained(words: list[str]) -> None:
    run("createuser", "ann", "--role", "operations")
    with pytest.raises(CommandError):
        run("api_token", *words)


def test_new_key_is_an_entry_of_the_key_ring() -> None:
    key_id, _, key = run("new_key").partition(":")
    assert key_id
    Fernet(key)
    assert run("new_key") != run("new_key")
    assert json.loads(run("new_key", "--id", "k7", "--json"))["entry"].startswith("k7:")
