"""What the Channels page says about the doors of an account: its consent, its pushes, its way out."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from channels import connecting, subscribing
from channels.adapter import Capability, Platform
from channels.connecting import Deadline
from channels.door_models import Subscription
from channels.models import ChannelAccount
from channels.registry import platforms
from ecomhub.access import Actor
from ecomhub.sentences import shown
from ecomhub.work import WorkState


@dataclass(frozen=True, slots=True)
class Door:
    """What to show; an address is empty where there is nothing to do or it is not the reader's to do."""

    deadline: Deadline | None
    authorize_url: str
    push_address: str
    push_problem: str
    proxy: str


def door_of(*, account: ChannelAccount, actor: Actor, at: datetime) -> Door:
    """Return what a person may know and do about an account's doors."""
    offered = platforms().get(account.platform)
    manages = actor.may("channels.manage")
    consents = offered is not None and offered.authorization is not None
    return Door(
        deadline=connecting.deadline(account=account, at=at),
        authorize_url=reverse("channels:authorize", args=[account.pk]) if manages and consents else "",
        push_address=(
            subscribing.address_of(account=account)
            if manages and subscribing.is_by_hand(account=account)
            else ""
        ),
        push_problem=_push_problem(account=account, offered=offered),
        proxy=account.proxy if manages else "",
    )


def _push_problem(*, account: ChannelAccount, offered: Platform | None) -> str:
    """Return why an account's platform did not take our address, where it can be asked to push."""
    if offered is None or Capability.SUBSCRIBE not in offered.capabilities:
        return ""
    wish = Subscription.objects.filter(account=account).exclude(state=WorkState.DONE).first()
    return shown(wish.last_error) if wish is not None else ""
