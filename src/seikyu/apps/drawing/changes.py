"""レセプト訂正内容確認 as a document: A4 across, a row an item. Texts go in as data and are never read as markup."""

import json
from importlib.resources import files

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.rules.reports.forms import header_of, title_of
from seikyu.rules.reports.values import write_value
from seikyu.services.correction_lists import CorrectionList


def changes_pdf(listed: CorrectionList) -> bytes:
    """Return the document."""
    import typst

    form, issue = listed.form, listed.issue
    header = {**header_of(issue), "corrected_send_no": f"({issue.corrected_send_no or 0})"}
    given = {
        "fonts": FONTS,
        "title": title_of(form, issue),
        "head": [
            [column.title, write_value(column.way, header.get(column.name), column.width).strip("　 ")]
            for column in form.header
        ],
        "heads": [column.title for column in form.columns],
        "rows": [
            [write_value(column.way, values.get(column.name), column.width) for column in form.columns]
            for values in listed.rows()
        ],
    }
    template = (files("seikyu.apps.drawing") / "templates" / "changes.typ").read_bytes()
    told = json.dumps(given, ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"list": told}, timestamp=0)
