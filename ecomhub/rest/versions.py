"""ETag and If-Match: a write that was meant for another state of the object is refused.

An answer about one object carries ``ETag: "<version>"``, the number its every write raises. A write may name
it in ``If-Match``: another state answers 412. A change of fields (PATCH) has to name it: without, 428. ``*``
means any state. Weak tags never match (RFC 9110, 13.1.1).
"""

import re

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub.rest.problems import Problem

_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e]*)"\s*')

IF_MATCH = OpenApiParameter(
    name="If-Match",
    location=OpenApiParameter.HEADER,
    type=str,
    description="The ETag of the object as you saw it; another state of it answers 412.",
)
IF_MATCH_REQUIRED = OpenApiParameter(
    name="If-Match",
    location=OpenApiParameter.HEADER,
    type=str,
    required=True,
    description='The ETag of the object as you saw it, or *; another state answers 412, "not sent" 428.',
)


def etag(version: object) -> str:
    """Return the header's value for a version."""
    return f'"{version}"'


def tagged(response: Response, *, version: object) -> Response:
    """Put an object's ETag on an answer."""
    response.headers["ETag"] = etag(version)
    return response


def check(request: Request, *, version: object, required: bool = False) -> None:
    """Refuse a write that was meant for another state; the caller holds the object's row lock.

    Raises ``Problem``: 428 when a required If-Match is missing, 412 when none of its tags is ours.
    """
    sent = request.headers.get("If-Match")
    if sent is None:
        if required:
            raise Problem(
                status_code=status.HTTP_428_PRECONDITION_REQUIRED,
                code="if_match_required",
                detail=_(
                    "Read the object first and send its ETag as If-Match, so that nobody is overwritten."
                ),
            )
        return
    if sent.strip() == "*":
        return
    mine = str(version)
    matches = [_TAG.fullmatch(part) for part in sent.split(",")]
    if any(found and not found["weak"] and found["tag"] == mine for found in matches):
        return
    raise Problem(
        status_code=status.HTTP_412_PRECONDITION_FAILED,
        code="changed_meanwhile",
        detail=_("The object changed since you read it. Read it again and decide anew."),
    )
