"""Pictures of the goods: a drawn tile each, so that a product list is not gray."""

from html import escape
from zlib import crc32

from channels.sandbox.wire import Call, Response, Route


def picture_url(*, base_url: str, code: str) -> str:
    """Return the address of a good's picture."""
    return f"{base_url}/pictures/{code}.svg"


def _draw(call: Call) -> Response:
    code = call.arguments["code"]
    hue = crc32(code.split("-")[0].encode()) % 360
    shade = crc32(code.encode()) % 24
    letters = escape(code[:2].upper())
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500" viewBox="0 0 500 500">'
        f'<rect width="500" height="500" fill="hsl({hue} 45% {82 - shade}%)"/>'
        f'<circle cx="250" cy="235" r="{130 + shade * 2}" fill="hsl({hue} 50% {45 + shade}%)"/>'
        f'<text x="250" y="285" font-family="sans-serif" font-size="130" font-weight="700" fill="#fff"'
        f' text-anchor="middle">{letters}</text></svg>'
    )
    headers = {"Cache-Control": "max-age=86400"}
    return Response(status=200, body=svg.encode(), content_type="image/svg+xml", headers=headers)


ROUTES = (Route(method="GET", pattern="/pictures/{code}.svg", handler=_draw, open_door=True),)
