"""What is said of a checked file: lines with the place under a caret, JSON, the official lists, and those read back.

The modules by subject: `text`, `caret`, `choice` for people; `objects` for programs; `forms`, `values` and `heads` the
engine of the official lists, `error_list`, `tallies`, `decisions` the lists themselves; `reading` takes them back.
"""

from seikyu.rules.reports.objects import as_json, file_as_json, from_json
from seikyu.rules.reports.text import effect, in_order, line_of

__all__ = ["as_json", "effect", "file_as_json", "from_json", "in_order", "line_of"]
