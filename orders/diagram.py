"""The order's states as a diagram, drawn from the table so that the documentation cannot be wrong."""

from orders.states import TRANSITIONS


def mermaid() -> str:
    """Return the table of moves as a Mermaid state diagram; equal ends share a line."""
    moves: dict[tuple[str, str], list[str]] = {}
    for row in TRANSITIONS:
        named = f"{row.action} ☝" if row.by_person else row.action
        moves.setdefault((row.source.value, row.target.value), []).append(named)
    lines = [
        f"    {source} --> {target}: {', '.join(dict.fromkeys(actions))}"
        for (source, target), actions in moves.items()
    ]
    return "\n".join(["stateDiagram-v2", *lines])
