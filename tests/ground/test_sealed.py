"""Sealed values open only in their own place, with their own key, unchanged."""

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings

from ecomhub.sealed import (
    SealBroken,
    active_key_id,
    blind_token,
    new_data_key,
    seal,
    seal_bytes,
    unseal,
    unseal_bytes,
    unwrap_key,
    wrap_key,
)


def test_a_value_opens_in_its_place() -> None:
    blob = seal(context="a:1", data={"secret": "密钥"})
    assert "密钥" not in blob
    assert unseal(context="a:1", blob=blob) == {"secret": "密钥"}


def test_a_value_moved_to_another_row_raises() -> None:
    with pytest.raises(SealBroken, match="another place"):
        unseal(context="a:2", blob=seal(context="a:1", data={}))


def test_a_changed_value_raises() -> None:
    blob = seal(context="a:1", data={"n": 1})
    with pytest.raises(SealBroken):
        unseal(context="a:1", blob=blob[:-4] + ("AAAA" if blob[-4:] != "AAAA" else "BBBB"))


def test_an_unknown_key_raises_instead_of_returning_the_ciphertext() -> None:
    blob = seal(context="a:1", data={"n": 1})
    with (
        override_settings(ECOMHUB_KEYRING=f"other:{Fernet.generate_key().decode()}"),
        pytest.raises(SealBroken),
    ):
        unseal(context="a:1", blob=blob)


def test_old_values_open_after_a_new_key_is_put_first() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with override_settings(ECOMHUB_KEYRING=f"k1:{old}"):
        blob = seal(context="a:1", data={"n": 1})
    with override_settings(ECOMHUB_KEYRING=f"k2:{new},k1:{old}"):
        assert active_key_id() == "k2"
        assert unseal(context="a:1", blob=blob) == {"n": 1}
        assert seal(context="a:1", data={}).startswith("v1:k2:")


def test_personal_data_opens_only_with_its_objects_key() -> None:
    key = unwrap_key(context="o:1", blob=wrap_key(context="o:1", key=(made := new_data_key())))
    assert key == made
    blob = seal_bytes(key=key, context="o:1", data=b"Anna")
    assert unseal_bytes(key=key, context="o:1", blob=blob) == b"Anna"
    with pytest.raises(SealBroken):
        unseal_bytes(key=key, context="o:2", blob=blob)
    with pytest.raises(SealBroken):
        unseal_bytes(key=new_data_key(), context="o:1", blob=blob)


def test_blind_tokens_tell_equal_texts_and_purposes_apart() -> None:
    assert blind_token(purpose="name", text="anna") == blind_token(purpose="name", text="anna")
    assert blind_token(purpose="name", text="anna") != blind_token(purpose="email", text="anna")
