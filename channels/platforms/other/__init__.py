"""Any other shop, worked by file: orders as sheets, statements by remembered layouts."""

from channels.by_file import by_file
from channels.countries import places

PLATFORM = by_file(key="other", name="Other · 其他", monogram="o", color="#5b6470", marketplaces=places())
