"""Every report there is."""

from finance.exports import journal, open_items, orders, reconciliation, settlement_lines
from finance.exports.shapes import Report

REPORTS: dict[str, Report] = {
    report.kind: report
    for report in (
        reconciliation.REPORT,
        orders.REPORT,
        settlement_lines.REPORT,
        journal.REPORT,
        open_items.REPORT,
    )
}
