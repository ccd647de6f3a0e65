"""What publishing tells: webhooks of a listing's life, and the brake's words before anything goes out."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels import accounts
from channels.models import ChannelAccount, Listing
from ecomhub import events
from ecomhub.access import Role
from ecomhub.models import User
from ecomhub.webhooks import topics
from tests.channels.making import US, later, paired, push, run_stream
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_webhooks_hear_of_a_listings_whole_life(live: ChannelAccount, market: Sandbox) -> None:
    """Seen first, paired, told a quantity, shown another one by somebody else: each once, in order."""
    [(listing, _sku, _place)] = paired(live, [17])
    push(live)
    push(live)
    run_stream(live, "listings", later(minutes=20))
    market.set_quantity(listing.external_id, 4, seller="empty", marketplace=US)
    run_stream(live, "listings", later(minutes=40))
    told = events.of(object_kind="listing", object_id=listing.pk)
    kinds = list(told.values_list("kind", flat=True))
    assert kinds == ["created", "paired", "quantity_sent", "quantity_shown"]
    assert [event.sequence for event in told] == [1, 2, 3, 4]
    assert {f"listing.{kind}" for kind in kinds} <= set(topics.known())


def test_preview_words_what_the_brake_would_say(small: ChannelAccount, client: Client) -> None:
    """The page and the command show a sentence, in the reader's language, never how it is kept."""
    run_stream(small, "listings")
    paired(small, [0] * 6)
    Listing.objects.filter(is_mapped=True).update(remote_quantity=9, remote_at=START)
    told = accounts.preview(account=small, at=START).objection
    assert "would go to 0" in told
    assert "{" not in told
    with translation.override("zh-hans"):
        assert "{" not in accounts.preview(account=small, at=START).objection
    client.force_login(User.objects.create(username="ann", role=Role.ADMIN.value))
    assert told in client.get(reverse("channels:switches", args=[small.pk])).content.decode()
    printed = StringIO()
    call_command("channel_preview", small.name, stdout=printed)
    assert told in printed.getvalue()
