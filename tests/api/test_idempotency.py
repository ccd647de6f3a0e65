"""One key, one effect, one answer."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections

from ecomhub import work
from ecomhub.access import Role
from ecomhub.models import IdempotencyKey
from ecomhub.rest import idempotency
from ecomhub.sealed import SealBroken, unseal
from inventory.models import StockMovement
from logistics.models import Shipment
from tests.api.calling import Api, make_person
from tests.inventory.making import level, make_sku, make_warehouse, stock
from tests.logistics.making import line, make_goods, ready

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "stock/adjustments/"
BODY = {"sku": "mug", "warehouse": "HERE", "delta": -1, "reason": "broken"}


@pytest.fixture
def api() -> Api:
    stock(make_sku("mug"), make_warehouse("HERE"), 10)
    return Api()


def adjustments() -> int:
    """How often stock was adjusted."""
    return StockMovement.objects.filter(kind="adjust").count()


def rewind(seconds: int) -> None:
    """Let the claims and answers be so much older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ecomhub_idempotencykey SET created_at = created_at - make_interval(secs => %s), "
            "locked_until = locked_until - make_interval(secs => %s)",
            [seconds, seconds],
        )


def test_unsafe_call_without_a_key_is_refused(api: Api) -> None:
    answer = api.raw_post(PATH, BODY)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert adjustments() == 0


def test_same_key_gets_the_same_answer_and_no_second_effect(api: Api) -> None:
    first = api.raw_post(PATH, BODY, key="one")
    second = api.raw_post(PATH, dict(reversed(BODY.items())), key="one")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert adjustments() == 1


def test_same_key_with_another_body_or_address_is_refused(api: Api) -> None:
    api.post(PATH, BODY, key="one")
    assert api.post(PATH, {**BODY, "delta": 2}, key="one", status=422)["code"] == "idempotency_key_reused"
    receipt = {"sku": "mug", "warehouse": "HERE", "quantity": 1, "unit_cost": "1", "currency": "CNY"}
    assert api.post("stock/receipts/", receipt, key="one", status=422)["code"] == "idempotency_key_reused"
    assert adjustments() == 1


def test_keys_of_two_tokens_never_meet(api: Api) -> None:
    other = Api(api.user)
    assert api.post(PATH, BODY, key="1")["id"] != other.post(PATH, BODY, key="1")["id"]
    assert adjustments() == 2


def test_refusal_that_stays_is_kept(api: Api) -> None:
    first = api.post(PATH, {**BODY, "delta": -99}, key="one", status=422)
    sku = StockMovement.objects.get().sku
    stock(sku, StockMovement.objects.get().warehouse, 1000)
    assert api.post(PATH, {**BODY, "delta": -99}, key="one", status=422) == first
    assert adjustments() == 0


def test_conflict_is_not_kept(api: Api) -> None:
    order = ready(make_goods({"cup": 3}), line("cup"))
    api.post(f"orders/{order.pk}/actions/", {"action": "hold"}, status=200)
    body = {"order": order.pk, "carrier": "UPS", "tracking_number": "1Z"}
    api.post("shipments/", body, key="ship", status=409)
    api.post(f"orders/{order.pk}/actions/", {"action": "release_hold"}, status=200)
    assert api.post("shipments/", body, key="ship")["state"] == "dispatched"


def claim(api: Api, key: str) -> None:
    """Claim a key for ``BODY`` as a process that died right after."""
    text = '{"delta":-1,"reason":"broken","sku":"mug","warehouse":"HERE"}'
    fingerprint = hashlib.sha256(f"POST /api/v1/{PATH}\n{text}".encode()).hexdigest()
    caller = f"token:{api.user.auth_token_set.get().token_key}"
    assert isinstance(idempotency.take(caller=caller, key=key, fingerprint=fingerprint), idempotency.Claim)


def test_key_in_flight_answers_409_with_the_time_to_wait(api: Api) -> None:
    claim(api, "one")
    answer = api.raw_post(PATH, BODY, key="one")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_flight")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert adjustments() == 0


def test_key_of_a_dead_process_frees_itself(api: Api) -> None:
    claim(api, "one")
    rewind(61)
    api.post(PATH, BODY, key="one")
    assert adjustments() == 1


def test_answer_is_kept_for_a_day(api: Api) -> None:
    api.post(PATH, BODY, key="one")
    rewind(23 * 3600)
    api.post(PATH, BODY, key="one")
    assert adjustments() == 1
    assert idempotency.forget_old() == 0
    rewind(2 * 3600)
    assert idempotency.forget_old() == 1
    assert not IdempotencyKey.objects.exists()


def test_answer_is_stored_sealed() -> None:
    """Its secrets are not read in the table, and the sealed text fits no other row."""
    api = Api(make_person(Role.ADMIN))
    path, body = "webhook-endpoints/", {"url": "https://hook.example/x", "topics": ["order"]}
    secret = api.post(path, body, key="one")["secret"]
    row = IdempotencyKey.objects.get()
    stored = str(IdempotencyKey.objects.values_list().get())
    assert secret not in stored
    assert "hook.example" not in stored
    assert api.raw_post(path, body, key="one").json()["secret"] == secret
    with pytest.raises(SealBroken):
        unseal(context=f"ecomhub.idempotencykey:{row.pk + 1}", blob=row.sealed_body or "")


def test_old_answers_are_deleted_behind_many_young_ones(api: Api) -> None:
    for name in ("one", "two", "three"):
        api.post(PATH, BODY, key=name)
    IdempotencyKey.objects.filter(key="three").update(created_at=work.database_now() - timedelta(hours=25))
    assert idempotency.forget_old(limit=1) == 1
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"one", "two"}


def test_failure_leaves_neither_effect_nor_claim(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_given: object) -> None:
        raise RuntimeError("the process stumbles while it stores the answer")

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "store", fail)
        with pytest.raises(RuntimeError):
            api.raw_post(PATH, BODY, key="one")
    assert adjustments() == 0
    assert not IdempotencyKey.objects.exists()
    api.post(PATH, BODY, key="one")
    assert adjustments() == 1


def test_slow_call_that_lost_its_claim_leaves_no_effect(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first one works its claim ends and another takes it: only one of them stays."""
    original = idempotency.store

    def late(*, claim: idempotency.Claim, status_code: int, body: object, about: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ecomhub_idempotencykey SET locked_until = locked_until + interval '1 second'"
            )
        original(claim=claim, status_code=status_code, body=body, about=about)

    monkeypatch.setattr(idempotency, "store", late)
    answer = api.raw_post(PATH, BODY, key="one")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_claim_lost")
    assert "Retry-After" in answer.headers
    assert adjustments() == 0


def test_concurrent_key_has_one_effect(api: Api) -> None:
    """Sixteen at once: one effect, and everybody got its answer or was told to wait."""
    order = ready(make_goods({"cup": 30}), line("cup", 3))
    body = {"order": order.pk, "carrier": "UPS", "tracking_number": "1Z"}
    together = threading.Barrier(16)
    answers: list[tuple[int, str]] = []

    def call() -> None:
        try:
            together.wait(timeout=30)
            answer = Api.raw_post(api, "shipments/", body, key="ship")
            answers.append((answer.status_code, answer.json().get("number") or answer.json()["code"]))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = Counter(status for status, _said in answers)
    assert set(statuses) <= {201, 409}
    assert {said for status, said in answers if status == 409} <= {"idempotency_key_in_flight"}
    assert len({said for status, said in answers if status == 201}) == 1
    assert StockMovement.objects.filter(kind="ship").count() == 1
    assert Shipment.objects.filter(state="dispatched").count() == 1


def test_without_the_same_key_the_effect_would_come_twice(api: Api) -> None:
    """The negative control: two keys are two acts."""
    api.post(PATH, BODY, key="one")
    api.post(PATH, BODY, key="two")
    assert adjustments() == 2
    movement = StockMovement.objects.filter(kind="adjust").latest("pk")
    assert level(movement.sku, movement.warehouse) == (8, 0)
