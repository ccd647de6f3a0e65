"""The diagram in ARCHITECTURE.md is the table of moves."""

from pathlib import Path

from orders.diagram import mermaid


def test_the_diagram_in_the_documentation_is_the_table() -> None:
    text = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()
    drawn = text.partition("```mermaid\n")[2].partition("\n```")[0]
    assert drawn == mermaid(), "put the output of orders.diagram.mermaid() into ARCHITECTURE.md"
