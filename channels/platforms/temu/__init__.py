"""Temu, worked by file: orders as sheets, its account of money as its exports.

Who supplies Temu from China is paid in yuan, whatever country the buyer is in: a shop's currency can be
chosen when it is added.
"""

from channels.by_file import by_file
from channels.countries import places

PLATFORM = by_file(key="temu", name="Temu", monogram="t", color="#c2510c", marketplaces=places())
