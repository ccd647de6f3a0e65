"""The door platforms push through."""

import math

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from channels import receiving
from channels.adapter import RetryLater
from channels.pushes import PushRequest
from ecomhub import clock
from ecomhub.access import PUBLIC, allow


@csrf_exempt
@allow(PUBLIC)
def receive(request: HttpRequest, platform: str, push_id: str) -> HttpResponse:
    """Take a push in. It is public because its signature, and nothing else, says who sent it."""
    declared = request.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > receiving.MOST_BYTES:
        return HttpResponse(status=413)
    try:
        body = request.read(receiving.MOST_BYTES + 1)
    except (UnreadablePostError, RawPostDataException):
        return HttpResponse(status=400)
    if len(body) > receiving.MOST_BYTES:
        return HttpResponse(status=413)
    push = PushRequest(
        method=request.method or "",
        url=f"{settings.ECOMHUB_ORIGIN.rstrip('/')}{request.path}",
        query=request.GET.dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    try:
        reply = receiving.receive(platform_key=platform, push_id=push_id, request=push, at=clock.now())
    except receiving.PushRefused:
        return HttpResponse(status=401)
    except receiving.PushFlood as flood:
        return HttpResponse(status=429, headers={"Retry-After": str(math.ceil(flood.after))})
    except RetryLater:
        return HttpResponse(status=503, headers={"Retry-After": "60"})
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
