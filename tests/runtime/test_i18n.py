"""What the check of the Chinese catalog catches, and that its texts reach the page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

from ecomhub.runtime import i18n
from ecomhub.shell import display

WORDS = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext, pgettext, pgettext_lazy
@dataclass(frozen=True)
class Tile:
    title: str = gettext_lazy("Ready to print")
STATES = {"ship": (pgettext_lazy("stock movement", "Shipped"), "blue")}
def said(count, name):
    return [
        ngettext("one unit of %(name)s", "%(count)d units of %(name)s", count) % {"name": name},
        npgettext("orders", "%(count)d line", "%(count)d lines", count) % {"count": count},
        _("Count the stock "
          "or receive goods first."),
    ]
"""
PAGE = """{% extends "base.html" %}{% load i18n %}
{% translate "Product pages" as label %}{% tabs sections label %}
{% include "components/empty.html" with title=_("No products yet") %}
<th data-label="{% translate 'Planned' context "time" %}">{% translate "Lag, 95 % within" %}</th>
{% blocktranslate asvar more with name=account.name %}More for {{ name }}{% endblocktranslate %}
{% blocktranslate count count=left trimmed %}
   one row
   of {{ total }}
{% plural %}
   {{ count }} rows
   of {{ total }}
{% endblocktranslate %}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orders").mkdir()
    (tmp_path / "templates" / "orders").mkdir(parents=True)
    (tmp_path / "orders" / "words.py").write_text(WORDS)
    (tmp_path / "templates" / "orders" / "page.html").write_text(PAGE)
    monkeypatch.setattr(i18n, "CHECKOUT", tmp_path)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path / "locale")
    return tmp_path


def _po(checkout: Path) -> Path:
    return checkout / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def _translate(checkout: Path, replace: dict[str, str] | None = None) -> None:
    """Fill every text with a translation that keeps its placeholders, except those given."""
    i18n.update()
    lines, text, places = [], "", replace or {}
    for line in _po(checkout).read_text().splitlines():
        if line.startswith(("msgid ", "msgid_plural ")):
            text = line.split(" ", 1)[1].strip('"')
        if text and line in ('msgstr ""', 'msgstr[0] ""'):
            line = f'{line[:-3]} "{places.get(text, f"中文 {text}")}"'
        lines.append(line)
    _po(checkout).write_text("\n".join(lines) + "\n")


def test_every_way_to_mark_a_text_is_collected(checkout: Path) -> None:
    found = {(message.context, message.id) for message in i18n.collect() if message.id}
    assert found == {
        (None, "Ready to print"),
        ("stock movement", "Shipped"),
        (None, ("one unit of %(name)s", "%(count)d units of %(name)s")),
        ("orders", ("%(count)d line", "%(count)d lines")),
        (None, "Count the stock or receive goods first."),
        (None, "Product pages"),
        (None, "No products yet"),
        ("time", "Planned"),
        (None, "Lag, 95 %% within"),
        (None, "More for %(name)s"),
        (None, ("one row of %(total)s", "%(count)s rows of %(total)s")),
    }


def test_a_complete_catalog_passes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _translate(checkout)
    capsys.readouterr()
    assert i18n.check() == 0
    assert capsys.readouterr().out == "zh_Hans: complete\n"


@pytest.mark.parametrize(
    ("text", "translation", "named"),
    [
        ("Ready to print", "", "not translated: 'Ready to print'"),
        ("Ready to print", " ", "not translated: 'Ready to print'"),
        ("More for %(name)s", "更多", "other placeholders"),
        ("More for %(name)s", "%(account)s 的更多操作", "other placeholders"),
        ("More for %(name)s", "%(name)d 的更多操作", "other placeholders"),
        ("%(count)d units of %(name)s", "%(name)s 若干件", "other placeholders"),
        ("%(count)d units of %(name)s", "%(name)s %(count)d 件，100%", "a lone %"),
        ("Lag, 95 %% within", "95% 延迟", "a lone %"),
        ("Product pages", "商品页面 {n}", "other placeholders"),
    ],
)
def test_a_wrong_translation_fails_the_check_and_is_named(
    checkout: Path, capsys: pytest.CaptureFixture[str], text: str, translation: str, named: str
) -> None:
    _translate(checkout, {text: translation})
    capsys.readouterr()
    assert i18n.check() == 1
    printed = capsys.readouterr().out
    assert named in printed
    assert "zh_Hans: 1 texts to mend" in printed


def test_a_new_text_in_a_template_fails_the_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _translate(checkout)
    page = checkout / "templates" / "orders" / "page.html"
    page.write_text(PAGE + '{% translate "Print labels" %}')
    capsys.readouterr()
    assert i18n.check() == 1
    assert "templates/orders/page.html: not translated: 'Print labels'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("%s of %d", "%d 中的 %s", "%s，共 %d"),
        ("{span} ago", "{n}前", "{span}前"),
        ("{} of {}", "{}", "{} / {}"),
    ],
)
def test_placeholders_without_a_name_keep_number_and_order(text: str, wrong: str, right: str) -> None:
    texts, translated = Catalog(), Catalog(locale="zh_Hans")
    texts.add(text, locations=[("page.html", 0)])
    translated.add(text, wrong)
    assert len(i18n.faults(texts=texts, translated=translated)) == 1
    translated[text].string = right
    assert i18n.faults(texts=texts, translated=translated) == []


def test_a_plural_whose_number_has_no_name_is_a_fault() -> None:
    texts, translated = Catalog(), Catalog(locale="zh_Hans")
    texts.add(("every second", "every %d seconds"), locations=[("quota.py", 0)])
    translated.add(("every second", "every %d seconds"), ("每 %d 秒",))
    [fault] = i18n.faults(texts=texts, translated=translated)
    assert "give the number a name" in fault


def test_an_update_keeps_an_unsure_mark_and_a_translators_note(checkout: Path) -> None:
    _translate(checkout)
    marked = 'msgid "Ready to print"'
    text = _po(checkout).read_text()
    place = "#: orders/words.py\n"
    assert f"{place}{marked}" in text
    _po(checkout).write_text(text.replace(f"{place}{marked}", f"# a trade term\n{place}#, fuzzy\n{marked}"))
    i18n.update()
    kept = _po(checkout).read_text()
    assert "# a trade term\n" in kept
    assert f"#, fuzzy\n{marked}" in kept
    assert i18n.check() == 1


def test_an_outdated_compiled_catalog_is_compiled_again(checkout: Path) -> None:
    _translate(checkout)
    compiled = _po(checkout).with_suffix(".mo")
    i18n.compile_catalogs()
    os.utime(compiled, ns=(0, 0))
    before = compiled.read_bytes()
    text = _po(checkout).read_text()
    _po(checkout).write_text(text.replace("中文 Product pages", "商品页面"))
    i18n.compile_catalogs()
    assert compiled.read_bytes() != before
    assert "商品页面".encode() in compiled.read_bytes()


def test_a_catalog_that_cannot_be_written_stops_no_program(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _translate(checkout)
    _po(checkout).with_suffix(".mo").mkdir()
    os.utime(_po(checkout).with_suffix(".mo"), ns=(0, 0))
    assert i18n.compile_catalogs() == 0
    assert "zh_Hans stay as they were" in capsys.readouterr().err
    assert {path.name for path in _po(checkout).parent.iterdir()} == {"django.po", "django.mo"}


def test_trade_terms_reach_a_chinese_reader() -> None:
    terms = {
        "Unpaid": "未付款",
        "To review": "待审核",
        "To process": "待处理",
        "Ready to print": "待打单",
        "Ready to ship": "待发货",
        "Shipped": "已发货",
        "Completed": "已完成",
        "On hold": "搁置",
        "Exceptions": "异常",
        "Canceled": "已取消",
        "Ignored": "已忽略",
        "On hand": "在库",
        "Reserved": "占用",
        "Available": "可用",
        "Available to promise": "可售",
        "Inbound": "在途",
        "Stock sync": "库存同步",
        "Mark as shipped": "标发货",
        "API quota": "接口额度",
        "Stock journal": "库存流水",
        "Failed imports": "抓单失败",
    }
    with translation.override("zh-hans"):
        assert {text: gettext(text) for text in terms} == terms
        assert pgettext("stock movement", "Shipped") == "出库"
        assert {ngettext("%(count)s row", "%(count)s rows", count) for count in (1, 5)} == {"%(count)s 条"}
        assert display.span_text(93_600) == "1天 2小时"
    with translation.override("en"):
        assert {text: gettext(text) for text in terms} == {text: text for text in terms}
