"""A new key seals everything anew, beside running work, and then the old one can go."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from channels import documents
from channels.models import Credential, DataKey
from ecomhub import files, resealing, sealed
from tests.orders.factory import incoming, line, make_goods, take

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = (f"{name}:{Fernet.generate_key().decode()}" for name in ("old", "new"))


@pytest.fixture(autouse=True)
def _ring(settings: Settings, tmp_path: Path) -> None:
    settings.ECOMHUB_KEYRING = OLD
    settings.ECOMHUB_FILES_DIR = str(tmp_path)


def keep_sealed() -> tuple[Credential, list[Any]]:
    """A credential, some orders with their data keys, and two sealed files."""
    goods = make_goods({"mug": 9})
    credential = Credential.objects.create(
        account=goods.account, sealed=sealed.seal(context="place", data={"secret": "密钥"})
    )
    for number in (1, 2, 3):
        take(goods.account, incoming(number, line("mug")))
    assert DataKey.objects.count() >= 3
    large = Path(settings.ECOMHUB_FILES_DIR) / "large"
    large.write_bytes(b"line\n" * 500_000)
    words: dict[str, Any] = {"purpose": "label", "content_type": "text/plain", "sealed": True}
    small = files.store(data=b"label", name="a", **words)
    return credential, [small, files.store_path(path=large, name="b", **words)[0]]


def run(**options: Any) -> dict[str, Any]:
    """What the command prints as JSON."""
    out = StringIO()
    call_command("reseal", json=True, stdout=out, stderr=StringIO(), **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_old_key_can_go_after_everything_was_sealed_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "CHUNK", 2)
    credential, kept = keep_sealed()
    settings.ECOMHUB_KEYRING = f"{NEW},{OLD}"
    before = run(check=True)
    assert before["used"]["old"]["channels.datakey.sealed"] >= 3
    assert before["used"]["old"]["files"] == 2
    assert before["unused"] == []
    assert "new" not in before["used"], "--check changed something"

    told = run()
    assert told["resealed"]["channels.datakey.sealed"] == before["used"]["old"]["channels.datakey.sealed"]
    assert told["resealed"]["files"] == 2
    assert (set(told["used"]), told["unused"], told["broken"]) == ({"new"}, ["old"], 0)
    assert set(run()["resealed"].values()) == {0}, "what has the newest key was sealed again"

    settings.ECOMHUB_KEYRING = NEW
    credential.refresh_from_db()
    assert sealed.unseal(context="place", blob=credential.sealed) == {"secret": "密钥"}
    for row in DataKey.objects.all():
        context = documents._key_context(row.account_id, row.external_id)
        assert len(sealed.unwrap_key(context=context, blob=row.sealed)) == 32
    assert [files.read(file=file)[:5] for file in kept] == [b"label", b"line\n"]
    with files.opened(file=kept[1]) as opened:
        assert len(opened.read()) == 2_500_000


def test_what_was_sealed_anew_still_belongs_to_its_place(settings: Settings) -> None:
    blob = sealed.seal(context="a:1", data={"n": 1})
    settings.ECOMHUB_KEYRING = f"{NEW},{OLD}"
    again = sealed.reseal(blob=blob)
    assert sealed.key_id_of(blob=again) == "new"
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(context="a:2", blob=again)


def test_a_value_written_meanwhile_is_not_overwritten(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential, _kept = keep_sealed()
    settings.ECOMHUB_KEYRING = f"{NEW},{OLD}"
    real = sealed.reseal

    def meanwhile(*, blob: str) -> str:
        if blob == credential.sealed:
            fresh = sealed.seal(context="place", data={"secret": "renewed"})
            Credential.objects.filter(pk=credential.pk).update(sealed=fresh)
        return real(blob=blob)

    monkeypatch.setattr(sealed, "reseal", meanwhile)
    run()
    credential.refresh_from_db()
    assert sealed.unseal(context="place", blob=credential.sealed) == {"secret": "renewed"}


def test_values_whose_key_is_gone_are_named_and_stop_nothing(settings: Settings) -> None:
    credential, _kept = keep_sealed()
    middle = f"middle:{Fernet.generate_key().decode()}"
    settings.ECOMHUB_KEYRING = f"{middle},{OLD}"
    Credential.objects.update(sealed=sealed.seal(context="place", data={}))
    settings.ECOMHUB_KEYRING = f"{NEW},{OLD}"
    errors = StringIO()
    with pytest.raises(CommandError, match="not in ECOMHUB_KEYRING"):
        call_command("reseal", stdout=(said := StringIO()), stderr=errors)
    assert "key middle: 1 values; it is NOT IN THE RING" in said.getvalue()
    assert "key old: 0 values; it is unused" in said.getvalue()
    assert f"channels.credential.sealed {credential.pk}" in errors.getvalue()


def test_every_column_that_is_sealed_under_the_ring_is_found() -> None:
    assert {column.name for column in resealing.columns()} == {
        "channels.channelaccount.sealed_proxy_login",
        "channels.credential.sealed",
        "channels.credential.sealed_access",
        "channels.datakey.sealed",
        "channels.erasure.sealed",
        "channels.pendingconnection.sealed",
        "ecomhub.idempotencykey.sealed_body",
        "ecomhub.webhookendpoint.sealed_previous",
        "ecomhub.webhookendpoint.sealed_secret",
    }
