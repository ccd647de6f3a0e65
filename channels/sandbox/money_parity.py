"""What currencies cost in yuan, as the market's central bank publishes it: a sheet a person downloads.

Every working day up to the market's present. After it only the days books look for, a month's last and first,
as if they were known: a demo outlives the day its sheet was taken in.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

from channels.sandbox.market_clock import instant
from channels.sandbox.places import CNY_PER_MILLION
from channels.sandbox.wire import Call, Response, Route

_BEFORE = 75
_AHEAD = 200
_ONE_PERCENT = 10_000
_MILLION = 1_000_000
_TINY = 10_000


def _days(first: date, present: date) -> Iterator[date]:
    day = first
    while day <= present + timedelta(days=_AHEAD):
        is_edge = day.day == 1 or (day + timedelta(days=1)).day == 1
        if is_edge or (day <= present and day.weekday() < 5):
            yield day
        day += timedelta(days=1)


def _unit(currency: str) -> int:
    """Return how many of a currency are quoted together, so that the number has digits enough."""
    price = CNY_PER_MILLION[currency]
    return 1 if price >= _MILLION else 100 if price >= _TINY else 10_000


def worth(currency: str, day: date) -> int:
    """Return what a unit costs on a day, in millionths of a millionth of a yuan.

    It is the market's price, up to one percent around it.
    """
    place = sum(map(ord, currency))
    sway = abs((day.toordinal() * (place % 7 + 3) + place) % (4 * 97) - 2 * 97) * _ONE_PERCENT // 97
    return CNY_PER_MILLION[currency] * (_MILLION - _ONE_PERCENT + sway)


def _price(currency: str, day: date) -> str:
    exact = worth(currency, day) * _unit(currency) // _MILLION
    return f"{exact // _MILLION}.{exact % _MILLION:06d}"


def _as_sheet(call: Call) -> Response:
    world = call.world
    first = instant(world.birth).date() - timedelta(days=world.history_days + _BEFORE)
    codes = [code for code in CNY_PER_MILLION if code != "CNY"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["日期", *(f"{_unit(code) if _unit(code) > 1 else ''}{code}/CNY" for code in codes)])
    for day in _days(first, world.now.date()):
        writer.writerow([day.isoformat(), *(_price(code, day) for code in codes)])
    return Response(
        status=200,
        body=("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="central-parity.csv"'},
    )


ROUTES = (Route(method="GET", pattern="/seller-center/sheets/central-parity.csv", handler=_as_sheet),)
