"""The Chinese catalog: collected, checked and compiled without gettext programs."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from ecomhub.runtime import i18n

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
TITLE = _("Orders")
def count(n):
    return ngettext("%(n)s order", "%(n)s orders", n) % {"n": n}
VERB = pgettext("verb", "Order")
"""
TEMPLATE = """{% load i18n %}
<h1 title="{% translate 'Products & stock' %}">
{% blocktranslate with name=sku.name %}Stock of {{ name }}{% endblocktranslate %}</h1>
        {% blocktranslate count n=lines %}one line{% plural %}{{ n }} lines{% endblocktranslate %}
   {# a note #}{{ _("Saved") }} it's "unbalanced
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orders").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "orders" / "words.py").write_text(PYTHON)
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    monkeypatch.setattr(i18n, "CHECKOUT", tmp_path)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path / "locale")
    return tmp_path


def test_texts_of_python_and_templates_are_found(checkout: Path) -> None:
    found = {(message.context, message.id) for message in i18n.collect() if message.id}
    assert found == {
        (None, "Orders"),
        (None, ("%(n)s order", "%(n)s orders")),
        ("verb", "Order"),
        (None, "Products & stock"),
        (None, "Stock of %(name)s"),
        (None, ("one line", "%(n)s lines")),
        (None, "Saved"),
    }


def test_an_update_keeps_translations_and_a_check_names_what_is_missing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert i18n.update() == 0
    path = checkout / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    assert i18n.check() == 1
    path.write_text(path.read_text().replace('msgid "Orders"\nmsgstr ""', 'msgid "Orders"\nmsgstr "订单"'))
    (checkout / "orders" / "words.py").write_text(PYTHON.replace("VERB =", "MORE = _('Ship')\nVERB ="))
    assert i18n.update() == 0
    first = path.read_bytes()
    assert i18n.update() == 0
    assert path.read_bytes() == first, "an update without news changes nothing"
    assert 'msgid "Orders"\nmsgstr "订单"' in path.read_text()
    capsys.readouterr()
    assert i18n.check() == 1
    printed = capsys.readouterr().out
    assert "orders/words.py: not translated: 'Ship'" in printed
    assert "'Orders'" not in printed


def test_a_changed_placeholder_is_a_fault() -> None:
    texts, translated = Catalog(), Catalog(locale="zh_Hans")
    texts.add("Stock of %(name)s", locations=[("page.html", 0)])
    translated.add("Stock of %(name)s", "%(sku)s 的库存")
    assert len(i18n.faults(texts=texts, translated=translated)) == 1
    translated["Stock of %(name)s"].string = "%(name)s 的库存"
    assert i18n.faults(texts=texts, translated=translated) == []


def test_a_fuzzy_translation_is_a_fault() -> None:
    texts, translated = Catalog(), Catalog(locale="zh_Hans")
    texts.add("Orders", locations=[("page.html", 0)])
    translated.add("Orders", "订单", flags=["fuzzy"])
    assert len(i18n.faults(texts=texts, translated=translated)) == 1


def test_compiled_catalogs_are_read_by_gettext(checkout: Path) -> None:
    i18n.update()
    path = checkout / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    plural = 'msgid_plural "%(n)s orders"\nmsgstr[0] ""'
    assert plural in path.read_text()
    path.write_text(path.read_text().replace(plural, plural[:-2] + '"%(n)s 个订单"'))
    i18n.compile_catalogs()
    words = gettext.translation("django", checkout / "locale", ["zh_Hans"])
    assert words.ngettext("%(n)s order", "%(n)s orders", 5) == "%(n)s 个订单"
