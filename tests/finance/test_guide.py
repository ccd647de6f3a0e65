"""The accountant's guide says in both languages what the code does: plan, events, laws, pictures, links."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from finance.accounting.plan import CODES, PLAN
from finance.closing.period_checks import CHECKS
from finance.laws import LAWS
from finance.models import Account
from tests.runtime.test_ground import CHECKOUT

DOCS = CHECKOUT / "docs"
GUIDES = {"en": DOCS / "finance.md", "zh": DOCS / "finance.zh-CN.md"}
NATURES = {
    "en": {name: name for name in ("asset", "liability", "equity", "income", "expense")},
    "zh": {"asset": "资产", "liability": "负债", "equity": "权益", "income": "收入", "expense": "费用"},
}
HEADS = {
    "en": "| code | name | nature | money | lines |",
    "zh": "| 编码 | 名称 | 性质 | 货币性 | 明细 |",
}
MOST = 200 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


def plan_table(language: str) -> str:
    """The account plan as the guide has it. ``python -m tests.finance.test_guide`` writes it there."""
    lines = [HEADS[language], "|---|---|---|---|---|"]
    for entry in PLAN:
        name = f"{entry.name} {entry.name_zh}" if language == "en" else f"{entry.name_zh} {entry.name}"
        nature = NATURES[language][Account.Nature(entry.nature).value]
        marks = ["✓" if held else "" for held in (entry.money, entry.lines)]
        lines.append(f"| {entry.code} | {name} | {nature} | {marks[0]} | {marks[1]} |")
    return "\n".join(lines)


def part(text: str, name: str) -> str:
    """What stands between two marks of a guide."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found is not None, name
    return found[1].strip()


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


@pytest.fixture(params=sorted(GUIDES))
def language(request: pytest.FixtureRequest) -> str:
    """Each language of the guide."""
    return str(request.param)


@pytest.fixture
def guide(language: str) -> str:
    """The guide in one language."""
    return GUIDES[language].read_text()


def test_the_account_plan_is_the_one_in_the_code(guide: str, language: str) -> None:
    assert part(guide, "plan") == plan_table(language)


def test_every_example_balances_and_uses_accounts_of_the_plan(guide: str) -> None:
    held = rows(part(guide, "events"))
    assert len(held) > 20
    for event, debit, credit, example in held:
        sides = [re.findall(r"(\d{4}) ([\d.]+)", side) for side in example.split("=")]
        assert [bool(side) for side in sides] == [True, True], event
        sums = [sum(Decimal(amount) for _code, amount in side) for side in sides]
        assert sums[0] == sums[1], event
        for words, side in zip((debit, credit), sides, strict=True):
            named = set(re.findall(r"\d{4}", words))
            assert named <= CODES, event
            assert {code for code, _amount in side} <= named, event


def test_both_languages_have_the_same_examples() -> None:
    first, second = (
        [row[3] for row in rows(part(GUIDES[name].read_text(), "events"))] for name in ("en", "zh")
    )
    assert first == second


def test_every_law_is_explained(guide: str) -> None:
    told = [row[0] for row in rows(part(guide, "laws"))]
    kept = {law.id.partition(".")[0] for law in LAWS}
    assert set(told) >= kept
    assert told == [f"I{number}" for number in range(1, 26)]


def test_the_english_guide_lists_the_checklist_as_it_is() -> None:
    text = GUIDES["en"].read_text()
    assert all(f"| {check.title} |" in text for check in CHECKS)


def test_pictures_are_there_and_small_and_both_languages_have_the_same(guide: str) -> None:
    places = re.findall(r"\((images/[^)]+)\)", guide)
    assert len(places) == 6
    for place in places:
        content = (DOCS / place).read_bytes()
        assert content.startswith(PNG), place
        assert len(content) <= MOST, place
    names = [
        {re.sub(r"-(en|zh)\.png", "", place) for place in re.findall(r"\((images/[^)]+)\)", path.read_text())}
        for path in GUIDES.values()
    ]
    assert names[0] == names[1]


def test_links_lead_somewhere(guide: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", guide):
        place, _mark, anchor = target.partition("#")
        if place:
            assert (DOCS / place).exists(), target
        else:
            assert anchor in _anchors(guide), target


def _anchors(text: str) -> set[str]:
    """The anchors of headings as the usual readers of Markdown make them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return found


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_links_to_the_guide(name: str) -> None:
    wanted = "docs/finance.md" if name == "README.md" else "docs/finance.zh-CN.md"
    assert wanted in (CHECKOUT / name).read_text()


def write() -> None:
    """Write the account plan into both guides."""
    for language, path in GUIDES.items():
        before, _mark, rest = path.read_text().partition("<!-- plan -->\n")
        _old, mark, after = rest.partition("<!-- /plan -->")
        path.write_text(f"{before}<!-- plan -->\n{plan_table(language)}\n{mark}{after}")


if __name__ == "__main__":
    write()
