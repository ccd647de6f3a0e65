"""The API tokens page: who holds one, what it may do, until when, and its last use; making and revoking."""

from collections.abc import Mapping
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

from ecomhub import clock, reaching
from ecomhub.access import SCOPES, Actor, Role, actor_of, allow
from ecomhub.discovery import reaches
from ecomhub.models import AuthToken, User
from ecomhub.tokens import issue

_RANK = {role: place for place, role in enumerate(Role)}


def _people(actor: Actor) -> QuerySet[User]:
    """Return whose tokens an actor may make and revoke: nobody's who may do more than they."""
    highest = _RANK[actor.role] if actor.role is not None else -1
    roles = [role.value for role, rank in _RANK.items() if rank <= highest]
    return User.objects.filter(is_active=True, role__in=roles).order_by("username")


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

    def __init__(self, *args: Any, people: QuerySet[User], actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.offered = reaching.offered(actor=actor)
        for reach in reaches():
            self.fields[reach.key] = forms.TypedMultipleChoiceField(
                label=reach.title,
                widget=forms.CheckboxSelectMultiple,
                choices=list(self.offered[reach.key].items()),
                coerce=int,
                required=False,
                help_text=gettext_lazy("None ticked: all the person may see."),
            )

    def clean(self) -> dict[str, Any]:
        """Check that the person may see what their token is limited to."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        person: User | None = found.get("user")
        for key, names in self.offered.items():
            if person is None or key not in found:
                continue
            try:
                found[key] = reaching.check(key=key, wanted=found[key], names=names, actor=person.actor())
            except reaching.OutOfReach as error:
                self.add_error(key, str(error))
        return found


def _named(ids: list[int] | None, names: Mapping[int, str]) -> list[str] | None:
    return None if ids is None else [names.get(pk, str(pk)) for pk in ids]


@allow("api.tokens")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List every token, the latest first, with its limits and its last use."""
    actor = actor_of(request)
    mine = set(_people(actor).values_list("pk", flat=True))
    now = clock.real_now()
    rows = list(AuthToken.objects.select_related("user").order_by("-created"))
    names = reaching.offered(actor=actor)
    tokens = [
        {
            "token": row,
            "ended": row.expiry is not None and row.expiry <= now,
            "may_revoke": row.user_id in mine,
            "shops": _named(row.shop_ids, names.get("shops", {})),
            "warehouses": _named(row.warehouse_ids, names.get("warehouses", {})),
        }
        for row in rows
    ]
    return render(request, "tokens/list.html", {"tokens": tokens})


@allow("api.tokens")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, the only time it can be read."""
    actor = actor_of(request)
    people, initial = _people(actor), {"user": actor.user_id}
    form = TokenForm(request.POST or None, people=people, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        text = issue(
            user=wanted["user"],
            name=wanted["name"],
            scopes=wanted["scopes"],
            shop_ids=wanted.get("shops"),
            warehouse_ids=wanted.get("warehouses"),
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
