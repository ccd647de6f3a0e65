"""The rules money is matched by as people change them: an order, limits, days, and a platform of its own.

A rule's condition is code and its account a decision of the plan; what a condition looks at besides is data.
Every change is a recorded act of somebody with a reason. It holds for what is compared from then on, and
what waits is compared anew; what was matched stays matched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import ChannelAccount
from ecomhub import events
from ecomhub.access import Actor
from ecomhub.models import Event
from finance.models import MatchRule, MoneyAccount, OrderMoney
from finance.reconciliation import noticing

Scope = MatchRule.Scope
LIMITS = ("tolerance", "tolerance_percent")
MOST_DAYS, MOST_PERCENT, MOST_PLACE = 366, 100, 999
SHOWN = 10
_KIND = "match_rule"


class RuleRefused(Exception):
    """A rule cannot be changed or added like that; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule asks, in words; which of its fields it looks at; whether a platform may have its own."""

    words: str | Promise
    fields: tuple[str, ...]
    by_platform: bool = False


_FEE = (*LIMITS, "days", "cap_month", "place", "is_active")
_CONVERTED = ("tolerance_percent", "days", "place", "is_active")
_EXACT = ("days", "place", "is_active")
CONDITIONS: dict[tuple[str, str], Condition] = {
    (Scope.PAYOUT, "came_back"): Condition(
        gettext_lazy("The same amount came back to the account that sent it"), _EXACT, True
    ),
    (Scope.PAYOUT, "reference"): Condition(gettext_lazy("The amount and a reference"), _EXACT, True),
    (Scope.PAYOUT, "reference_fee"): Condition(gettext_lazy("A reference, less a fee"), _FEE, True),
    (Scope.PAYOUT, "reference_converted"): Condition(
        gettext_lazy("A reference, in another currency"), _CONVERTED, True
    ),
    (Scope.PAYOUT, "stated"): Condition(
        gettext_lazy("The converted amount the platform states, or less a fee"), _FEE, True
    ),
    (Scope.PAYOUT, "amount"): Condition(gettext_lazy("The amount alone"), _EXACT, True),
    (Scope.PAYOUT, "rounded"): Condition(
        gettext_lazy("The amount but for a rounding, within the caps of the book's policy"), _EXACT, True
    ),
    (Scope.PAYOUT, "amount_fee"): Condition(gettext_lazy("The amount less a fee"), _FEE, True),
    (Scope.PAYOUT, "converted"): Condition(
        gettext_lazy("The amount in another currency, by the day's rates"), _CONVERTED, True
    ),
    (Scope.PAYOUT, "by_hand_fee"): Condition(
        gettext_lazy("Matched by a person, less a fee"), (*LIMITS, "is_active")
    ),
    (Scope.PAYOUT, "by_hand_converted"): Condition(
        gettext_lazy("Matched by a person, in another currency"), ("tolerance_percent", "is_active")
    ),
    (Scope.TRANSFER, "reference"): Condition(gettext_lazy("The amount and a reference"), _EXACT, True),
    (Scope.TRANSFER, "amount"): Condition(gettext_lazy("The amount alone"), _EXACT, True),
    (Scope.VARIANCE, "unexpected"): Condition(gettext_lazy("Money nobody expected a part of"), ()),
    (Scope.VARIANCE, "fee_below"): Condition(gettext_lazy("Fees below the tariff"), ()),
    (Scope.VARIANCE, "fee_above"): Condition(
        gettext_lazy("Fees above the tariff"), (*LIMITS, "is_active"), True
    ),
    (Scope.VARIANCE, "sales"): Condition(
        gettext_lazy("What the buyer paid; the days its money may still grow"),
        ("tolerance", "days", "is_active"),
        True,
    ),
    (Scope.EXCEPTION, "never_paid"): Condition(
        gettext_lazy("Shipped, and no settlement speaks of it"), ("days",), True
    ),
    (Scope.EXCEPTION, "unknown_order"): Condition(gettext_lazy("Money of an order nobody knows"), ("days",)),
    (Scope.EXCEPTION, "refund_without_return"): Condition(
        gettext_lazy("Refunded, and nothing came back"), ("days",)
    ),
    (Scope.EXCEPTION, "unmatched_payout"): Condition(
        gettext_lazy("A payout that arrived nowhere"), ("days",)
    ),
    (Scope.EXCEPTION, "unknown_receipt"): Condition(gettext_lazy("A receipt nobody explains"), ("days",)),
}
_NOTHING = Condition("", ())
_PARTS = (
    When(scope__in=[Scope.PAYOUT, Scope.TRANSFER], then=Value(0)),
    When(scope=Scope.VARIANCE, then=Value(1)),
)


def condition_of(*, rule: MatchRule) -> Condition:
    """Return what a rule asks; one nobody worded can be looked at, not changed."""
    return CONDITIONS.get((rule.scope, rule.condition), _NOTHING)


def in_order() -> QuerySet[MatchRule]:
    """Return all rules as they are tried: payouts with transfers, then differences, then exceptions."""
    part = Case(*_PARTS, default=Value(2), output_field=IntegerField())
    return MatchRule.objects.select_related("account").order_by(part, "place", "pk")


def platforms() -> list[str]:
    """Return the platforms, wallets and banks that a rule may be for."""
    held = MoneyAccount.objects.values_list("provider", flat=True)
    return sorted({*held, *ChannelAccount.objects.values_list("platform", flat=True)} - {""})


def settings_of(*, rule: MatchRule) -> dict[str, Any]:
    """Return what can be changed about a rule, by the names of its fields."""
    return {name: getattr(rule, name) for name in condition_of(rule=rule).fields}


_POSTED = """
SELECT m.rule_id, b.currency, sum(abs(p.base_amount))
  FROM finance_match m
  JOIN finance_matchrule r ON r.id = m.rule_id AND r.cap_month IS NOT NULL
  JOIN finance_journal j ON j.id = m.journal_id AND date_trunc('month', j.effective_on) = %s
  JOIN finance_posting p ON p.journal_id = j.id AND p.account_id = r.account_id
  JOIN finance_book b ON b.id = m.book_id
 GROUP BY m.rule_id, b.id, b.currency ORDER BY 1, 3 DESC
"""


def posted_in(*, month: date) -> dict[int, list[tuple[str, Decimal]]]:
    """Return what rules with a cap posted in a month, as (currency, amount) of each book."""
    found: dict[int, list[tuple[str, Decimal]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_POSTED, [month.replace(day=1)])
        for rule, currency, amount in cursor.fetchall():
            found.setdefault(rule, []).append((currency, amount))
    return found


def change(*, rule_id: int, wanted: Mapping[str, Any], reason: str, actor: Actor, at: datetime) -> MatchRule:
    """Let a rule decide otherwise from now on; ``wanted`` has fields of it that its condition looks at.

    Amounts are in the money's currency, ``cap_month`` in the book's, or ``None`` without one. Raises
    ``RuleRefused``.
    """
    _may(actor, reason)
    with transaction.atomic():
        rule = MatchRule.objects.select_for_update().get(pk=rule_id)
        before = settings_of(rule=rule)
        now = before | _checked(rule, wanted)
        if now == before:
            raise RuleRefused(_("That is how this rule is already."))
        for name, value in now.items():
            setattr(rule, name, value)
        rule.save(update_fields=list(now))
        _record(rule, "changed", now, reason, actor, at, instead_of=_written(before))
        _look_again(rule)
    return rule


def add(
    *, like: int, platform: str, wanted: Mapping[str, Any], reason: str, actor: Actor, at: datetime
) -> MatchRule:
    """Give a platform (or a wallet's or bank's provider) its own rule with the condition of another one.

    It is tried before the one for all. Raises ``RuleRefused``: another exists, or there is no such platform.
    """
    _may(actor, reason)
    with transaction.atomic():
        model = MatchRule.objects.select_for_update().get(pk=like)
        if not condition_of(rule=model).by_platform:
            raise RuleRefused(_("This rule holds for all platforms. Change it instead."))
        if platform not in platforms():
            raise RuleRefused(_("There is no account on %s yet. Add one first.") % platform)
        rule = MatchRule(
            key=f"{model.scope}_{model.condition}_{platform}"[:40],
            place=max(model.place - 1, 1),
            scope=model.scope,
            condition=model.condition,
            platform=platform,
            account_id=model.account_id,
            tolerance=model.tolerance,
            tolerance_percent=model.tolerance_percent,
            days=model.days,
            cap_month=model.cap_month,
        )
        for name, value in _checked(rule, wanted).items():
            setattr(rule, name, value)
        try:
            with transaction.atomic():
                rule.save()
        except IntegrityError as error:
            raise RuleRefused(_("%s has such a rule already. Change it instead.") % platform) from error
        _record(rule, "added", settings_of(rule=rule), reason, actor, at, like=model.key)
        _look_again(rule)
    return rule


def changes_of(*, rule: MatchRule, size: int = SHOWN) -> list[Event]:
    """Return how a rule was changed, the last first."""
    return list(events.of(object_kind=_KIND, object_id=rule.pk).order_by("-sequence")[:size])


def _may(actor: Actor, reason: str) -> None:
    if not actor.may("finance.post") or actor.shop_ids is not None:
        raise RuleRefused(_("Your role does not include this. Ask an administrator for it."))
    if not reason.strip():
        raise RuleRefused(_("Say why the rule changes."))


def _checked(rule: MatchRule, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wanted of a rule, or refuse what no rule can have."""
    others = set(wanted) - set(condition_of(rule=rule).fields)
    if others:
        raise RuleRefused(_("This rule does not look at %s. Leave it out.") % ", ".join(sorted(others)))
    given = dict(wanted)
    cap = given.get("cap_month")
    if given.get("tolerance", 0) < 0 or (cap is not None and cap < 0):
        raise RuleRefused(_("A limit is an amount, 0 or more."))
    if not 0 <= given.get("tolerance_percent", 0) <= MOST_PERCENT:
        raise RuleRefused(_("A limit is 0 to %d percent.") % MOST_PERCENT)
    if not 0 <= given.get("days", 0) <= MOST_DAYS:
        raise RuleRefused(_("Days are 0 to %d.") % MOST_DAYS)
    if not 1 <= given.get("place", 1) <= MOST_PLACE:
        raise RuleRefused(_("A place is 1 to %d.") % MOST_PLACE)
    return given


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON can hold them."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }


def _record(
    rule: MatchRule,
    kind: str,
    now: Mapping[str, Any],
    reason: str,
    actor: Actor,
    at: datetime,
    **more: Any,
) -> None:
    events.record(
        object_kind=_KIND,
        object_id=rule.pk,
        kind=kind,
        at=at,
        actor=actor.name,
        rule=rule.key,
        now=_written(now),
        reason=reason.strip()[:200],
        **more,
    )


def _look_again(rule: MatchRule) -> None:
    """Let what waits be compared by the rule as it is now."""
    noticing.forget_looks()
    if rule.scope == Scope.VARIANCE:
        waiting = OrderMoney.objects.filter(state=OrderMoney.State.WAITING)
        if rule.platform:
            waiting = waiting.filter(order__account__platform=rule.platform)
        held = waiting.order_by("pk").select_for_update(of=("self",), no_key=True)
        OrderMoney.objects.filter(pk__in=[row.pk for row in held]).update(is_due=True, checked_at=None)
