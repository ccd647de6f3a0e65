"""The page that adds an account nobody speaks for."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels import file_accounts
from channels.accounts import AccountRefused
from channels.file_forms import FileAccountForm
from channels.registry import platforms
from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.entities import default_entity


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, platform: str) -> HttpResponse:
    """Add an account whose orders and statements come as files."""
    offered = platforms().get(platform)
    if offered is None or not offered.is_by_file:
        raise Http404(_("There is no such platform."))
    form = FileAccountForm(request.POST or None, offered=offered, at=clock.now())
    if form.is_valid():
        values = form.cleaned_data
        try:
            account = file_accounts.add(
                platform=platform,
                name=values["name"],
                countries=values["countries"],
                legal_entity=values["legal_entity"] or default_entity(),
                go_live_at=values["go_live_at"],
                at=clock.now(),
                seller_id=values["seller_id"],
                currency=values["currency"],
                time_zone=values["time_zone"].strip(),
                actor=actor_of(request).name,
            )
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("%(name)s is added. Import its orders as a sheet, its statements under Finance.")
            messages.success(request, text % {"name": account.name})
            return redirect("channels:list")
    return render(request, "channels/add_by_file.html", {"form": form, "platform": offered})
