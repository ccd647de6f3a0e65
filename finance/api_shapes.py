"""How the finance house looks in the REST API: money as decimal text, times with their zone."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ecomhub.rest.fields import (
    FilterSerializer,
    MoneyField,
    StrictSerializer,
    choices_of,
    codes,
    instant,
    numbers,
)
from finance.models import (
    AnnouncedMoney,
    ExportJob,
    Journal,
    Match,
    Posting,
    Settlement,
    SettlementLine,
)


def _day(**options: Any) -> serializers.DateField:
    return serializers.DateField(required=False, **options)


class SettlementSerializer(serializers.ModelSerializer[Settlement]):
    """A settlement (结算): one statement of a platform, wallet or bank in one currency.

    ``total`` is what its document states, ``lines_total`` what its lines add up to; nothing of it is in the
    ledger while they differ. ``closed_at`` is when its clearing account came to zero.
    """

    account = serializers.CharField(source="account.name")
    provider = serializers.CharField(source="account.provider")
    shop = serializers.IntegerField(source="shop_id", allow_null=True)
    total = MoneyField(amount="total")
    lines_total = MoneyField(amount="lines_total")

    class Meta:
        model = Settlement
        fields = [
            "id",
            "external_id",
            "account",
            "provider",
            "shop",
            "source",
            "currency",
            "state",
            "reason",
            "platform_status",
            "starts_at",
            "ends_at",
            "deposited_at",
            "total",
            "lines_total",
            "line_count",
            "posted_count",
            "payout_ref",
            "closed_at",
            "updated_at",
            "version",
        ]
        read_only_fields = fields


class SettlementFilter(FilterSerializer):
    """Filters of the settlement list."""

    account = codes(80, help_text="Names of money accounts.")
    provider = codes(40, help_text="Platforms, wallets, banks.")
    currency = codes(3)
    state = choices_of(Settlement.State.choices)
    external_id = codes(120, help_text="The settlements' own numbers.")
    deposited_after = instant()
    deposited_before = instant()


class LineSerializer(serializers.ModelSerializer[SettlementLine]):
    """One amount of a settlement. ``order_ref`` is the platform's order number, ``order`` ours if known."""

    settlement = serializers.IntegerField(source="settlement_id")
    type = serializers.CharField(source="line_type.__str__", help_text="The source's own words, by “/”.")
    order = serializers.IntegerField(source="order_id", allow_null=True)
    sku = serializers.CharField(source="sku_code")
    amount = MoneyField(amount="amount")

    class Meta:
        model = SettlementLine
        fields = [
            "id",
            "settlement",
            "row",
            "type",
            "posted_at",
            "effective_on",
            "amount",
            "order",
            "order_ref",
            "line_ref",
            "sku",
            "quantity",
            "reference",
            "marketplace",
            "note",
        ]
        read_only_fields = fields


class LineFilter(FilterSerializer):
    """Filters of the list of settlement lines."""

    settlement = numbers(help_text="Ids of settlements.")
    account = codes(80, help_text="Names of money accounts.")
    currency = codes(3)
    order = numbers(help_text="Ids of orders.")
    order_ref = codes(120, help_text="The platform's order numbers.")
    effective_from = _day()
    effective_through = _day()


class AnnouncedSerializer(serializers.ModelSerializer[AnnouncedMoney]):
    """One transaction a platform tells of before it settles it; evidence, never in the ledger.

    ``matures_at`` is when money held back is to come free, ``released_at`` when it did.
    """

    account = serializers.CharField(source="account.name")
    shop = serializers.IntegerField(source="shop_id", allow_null=True)
    order = serializers.IntegerField(source="order_id", allow_null=True)
    amount = MoneyField(amount="amount")

    class Meta:
        model = AnnouncedMoney
        fields = [
            "id",
            "account",
            "reference",
            "kind",
            "state",
            "was_deferred",
            "amount",
            "shop",
            "order",
            "order_ref",
            "posted_at",
            "matures_at",
            "released_at",
            "settlement_ref",
        ]
        read_only_fields = fields


class AnnouncedFilter(FilterSerializer):
    """Filters of the list of transactions platforms tell of."""

    account = codes(80, help_text="Names of money accounts.")
    currency = codes(3)
    state = choices_of(AnnouncedMoney.State.choices)
    order = numbers(help_text="Ids of orders.")
    order_ref = codes(120, help_text="The platform's order numbers.")
    matures_before = instant()


class JournalSerializer(serializers.ModelSerializer[Journal]):
    """One entry (凭证) of the ledger; its legs are the postings."""

    book = serializers.CharField(source="book.legal_entity.code", help_text="The company's code.")
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)

    class Meta:
        model = Journal
        fields = [
            "id",
            "book",
            "effective_on",
            "kind",
            "key",
            "memo",
            "actor",
            "reverses",
            "recorded_at",
        ]
        read_only_fields = fields


class JournalFilter(FilterSerializer):
    """Filters of the list of entries."""

    book = codes(20, help_text="Codes of companies.")
    kind = choices_of(Journal.Kind.choices)
    effective_from = _day()
    effective_through = _day()


class PostingSerializer(serializers.ModelSerializer[Posting]):
    """One leg of an entry; debit is positive. ``component``: the account an order's part was expected for."""

    journal = serializers.IntegerField(source="journal_id")
    effective_on = serializers.DateField(source="journal.effective_on")
    account = serializers.CharField(source="account_id")
    amount = MoneyField(amount="amount")
    base_amount = MoneyField(amount="base_amount", currency="base_currency")
    shop = serializers.IntegerField(source="shop_id", allow_null=True)
    order = serializers.IntegerField(source="order_id", allow_null=True)
    settlement = serializers.IntegerField(source="settlement_id", allow_null=True)
    payout = serializers.IntegerField(source="payout_id", allow_null=True)
    line = serializers.IntegerField(source="line_id", allow_null=True)

    class Meta:
        model = Posting
        fields = [
            "id",
            "journal",
            "effective_on",
            "account",
            "component",
            "amount",
            "base_amount",
            "shop",
            "order",
            "settlement",
            "payout",
            "line",
        ]
        read_only_fields = fields


class PostingFilter(FilterSerializer):
    """Filters of the list of legs."""

    journal = numbers(help_text="Ids of entries.")
    book = codes(20, help_text="Codes of companies.")
    account = codes(8, help_text="Codes of the account plan.")
    order = numbers(help_text="Ids of orders.")
    settlement = numbers(help_text="Ids of settlements.")
    effective_from = _day()
    effective_through = _day()


class MatchSerializer(serializers.ModelSerializer[Match]):
    """Money that was found to belong together, by which rule or whom; ``difference`` was posted beside.

    A payout that arrived in several receipts has a match for each, its ``part``. One with ``undone_by`` (an
    entry) was taken apart and does not hold any more.
    """

    rule = serializers.CharField(source="rule.key", allow_null=True, default=None)
    order = serializers.IntegerField(source="order_id", allow_null=True)
    payout = serializers.IntegerField(source="payout_id", allow_null=True)
    line = serializers.IntegerField(source="line_id", allow_null=True)
    journal = serializers.IntegerField(source="journal_id")
    undone_by = serializers.IntegerField(source="undoing_id", allow_null=True)
    difference = MoneyField(amount="difference")

    class Meta:
        model = Match
        fields = [
            "id",
            "rule",
            "actor",
            "order",
            "payout",
            "line",
            "journal",
            "part",
            "undone_by",
            "component",
            "difference",
            "recorded_at",
        ]
        read_only_fields = fields


class MatchFilter(FilterSerializer):
    """Filters of the list of matches."""

    order = numbers(help_text="Ids of orders.")
    payout = numbers(help_text="Ids of payouts.")
    rule = codes(40)
    recorded_after = instant()
    recorded_before = instant()


class ExportSerializer(serializers.ModelSerializer[ExportJob]):
    """A report or evidence pack. ``manifest`` is there when it is ready: hash, rows, totals, snapshot."""

    state = serializers.ChoiceField(source="standing", choices=ExportJob.Standing.choices)
    filters = serializers.JSONField(source="parameters")
    time_zone = serializers.CharField(source="zone")
    manifest = serializers.JSONField()
    error = serializers.CharField(source="last_error")

    class Meta:
        model = ExportJob
        fields = [
            "id",
            "kind",
            "format",
            "state",
            "filters",
            "language",
            "time_zone",
            "rows_done",
            "rows_total",
            "manifest",
            "error",
            "asked_by",
            "asked_at",
            "ready_at",
        ]
        read_only_fields = fields


class ExportFilter(FilterSerializer):
    """Filters of the list of exports."""

    kind = choices_of(ExportJob.Kind.choices)
    asked_after = instant()
    asked_before = instant()


class AskSerializer(StrictSerializer):
    """A report to be made. Days are both included; what is not given does not narrow it."""

    kind = serializers.ChoiceField(choices=ExportJob.Kind.choices)
    format = serializers.ChoiceField(choices=ExportJob.Format.choices, default="csv")
    book = serializers.CharField(
        max_length=20, required=False, help_text="The company's code; needed where there are several."
    )
    account = codes(80, help_text="Names of money accounts.")
    settlement = numbers(help_text="Ids of settlements.")
    currency = codes(3)
    settlement_state = choices_of(Settlement.State.choices)
    since = _day()
    through = _day()
    time_zone = serializers.CharField(
        max_length=64,
        required=False,
        help_text=_("An IANA name such as Asia/Shanghai; the book's unless given."),
    )
    language = serializers.ChoiceField(choices=["en", "zh-hans"], required=False)
