import time, threading
from datetime import timedelta
import pytest
from django.db import connection
from channels import accounts, streams, tasks, publishing, feeds, readback, queries
from channels.models import *
from ecomhub import clock
from ecomhub.access import SYSTEM
from ecomhub.clock import Anchor
from orders import pulling
from orders.models import Order
from tests.channels.making import *
from tests.sandbox_fixture import START

@pytest.mark.django_db(transaction=True)
def test_speed(market, tmp_path, monkeypatch):
    market.reset(rate_limits=True, speed=60.0, history_days=40, apply_seconds=60)
    now = clock.real_now()
    app0 = market.now()
    clock.write_anchor(path=tmp_path / "clock.json", anchor=Anchor(real=now, app=app0, speed=60.0))
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    account = connect(market, at=clock.now(), history_days=40, go_live_at=clock.now())
    stop = time.monotonic() + 150
    def orders_loop():
        try:
            while time.monotonic() < stop:
                for pk in pulling.due_pulls(limit=50):
                    pulling.pull_orders(pull_id=pk, now=clock.now, turn=1.0)
                time.sleep(0.1)
        finally:
            connection.close()
    def other_loop():
        try:
            while time.monotonic() < stop:
                for p in Pull.objects.filter(stream__in=streams.STREAMS, due_at__lte=clock.real_now()):
                    streams.run(pull_id=p.pk, now=clock.now, turn=5)
                time.sleep(0.5)
        finally:
            connection.close()
    ts=[threading.Thread(target=orders_loop), threading.Thread(target=other_loop)]
    for t in ts: t.start()
    for t in ts: t.join()
    market.set_clock(market.now())
    rows = market.state("busy", limit=3000)["orders"]
    by={o.external_id:o for o in Order.objects.all()}
    lat=[]; missing=0
    for r in rows:
        if r["visible"] < app0.timestamp(): continue
        o=by.get(r["id"])
        if o is None:
            missing+=1; print("DBG missing vis", r["visible"]-app0.timestamp(), "upd", r["updated"]-app0.timestamp(), "placed", r["placed"]-app0.timestamp()); continue
        # wall second when visible
        lat.append(((o.created_at.timestamp() - r["visible"])/60, (o.created_at.timestamp() - r["placed"])/60))
    lat.sort()
    print("DBG orders", len(by), "new", len(lat), "missing", missing, "p50", lat[len(lat)//2], "p95", lat[int(len(lat)*.95)], "max", lat[-1])
    print("DBG", lat, "end", market.now().timestamp()-app0.timestamp(), [ (x.ended_at.timestamp()-app0.timestamp()) for x in SyncRun.objects.filter(pull__stream="orders")], pull_of(account,"orders").cursor.timestamp()-app0.timestamp())
    for v in queries.overview(actor=SYSTEM, at=clock.now()):
        for s in v.streams: print("DBG", s.pull.stream, s.lag_p50_s, s.lag_p95_s, s.behind_s, s.next_run_in_s, s.last_error, SyncRun.objects.filter(pull=s.pull, ok=True).count(), SyncRun.objects.filter(pull=s.pull).values_list("pages","error")[:8])
        for q in v.quotas: print("DBG", q.operation, q.words, q.used, q.throttled)
    print("DBG 429:", [c for c in market.calls(limit=1000) if c["status"]!=200][:3], len(market.calls(operation="searchOrders",limit=1000)))
