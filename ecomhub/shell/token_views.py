"""The API tokens page: who holds one, what it may do, until when, and its last use; making and revoking."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import SCOPES, Actor, Role, actor_of, allow
from ecomhub.models import AuthToken, User
from ecomhub.tokens import issue

_RANK = {role: place for place, role in enumerate(Role)}


def _people(actor: Actor) -> QuerySet[User]:
    """Return whose tokens an actor may make and revoke: nobody's who may do more than they."""
    highest = _RANK[actor.role] if actor.role is not None else -1
    roles = [role.value for role, rank in _RANK.items() if rank <= highest]
    return User.objects.filter(is_active=True, role__in=roles).order_by("username")


def _ids(text: str) -> list[int] | None:
    words = [word for word in text.replace(",", " ").split() if word]
    if not words:
        return None
    if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words):
        raise forms.ValidationError(_("Write ids as numbers with commas between them, or nothing for all."))
    return [int(word) for word in words]


class TokenForm(forms.Form):
    """A new token: whose it is and how far it reaches."""

    user = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Which program will use it.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, scope) for scope in sorted(SCOPES)],
    )
    days = forms.IntegerField(
        label=gettext_lazy("Ends after days"),
        min_value=1,
        max_value=3650,
        required=False,
        initial=365,
        help_text=gettext_lazy("Empty: never."),
    )
    shops = forms.CharField(
        label=gettext_lazy("Only shops"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Ids with commas between them. Empty: all the person may see."),
    )
    warehouses = forms.CharField(
        label=gettext_lazy("Only warehouses"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Ids with commas between them. Empty: all the person may see."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]

    def clean_shops(self) -> list[int] | None:
        """Read the shops' ids."""
        return _ids(self.cleaned_data["shops"])

    def clean_warehouses(self) -> list[int] | None:
        """Read the warehouses' ids."""
        return _ids(self.cleaned_data["warehouses"])


@allow("api.tokens")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List every token, the latest first, with its limits and its last use."""
    actor = actor_of(request)
    mine = set(_people(actor).values_list("pk", flat=True))
    now = clock.real_now()
    rows = list(AuthToken.objects.select_related("user").order_by("-created"))
    tokens = [
        {
            "token": row,
            "ended": row.expiry is not None and row.expiry <= now,
            "may_revoke": row.user_id in mine,
        }
        for row in rows
    ]
    return render(request, "tokens/list.html", {"tokens": tokens})


@allow("api.tokens")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, the only time it can be read."""
    actor = actor_of(request)
    form = TokenForm(request.POST or None, people=_people(actor), initial={"user": actor.user_id})
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        text = issue(
            user=wanted["user"],
            name=wanted["name"],
            scopes=wanted["scopes"],
            shop_ids=wanted["shops"],
            warehouse_ids=wanted["warehouses"],
            lives=timedelta(days=wanted["days"]) if wanted["days"] else None,
        )
        return render(request, "tokens/made.html", {"secret": text, "name": wanted["name"]})
    return render(request, "tokens/form.html", {"form": form})


@allow("api.tokens")
@require_POST
def revoke(request: HttpRequest, digest: str) -> HttpResponse:
    """End a token at once."""
    token = get_object_or_404(AuthToken, digest=digest)
    if not _people(actor_of(request)).filter(pk=token.user_id).exists():
        raise PermissionDenied(_("This person may do more than you. Ask them, or an owner."))
    token.delete()
    messages.success(request, _("The token no longer works."))
    return redirect("api-tokens")
