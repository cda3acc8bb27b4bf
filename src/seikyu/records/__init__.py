"""UKE bytes <-> records <-> claims; layouts and code tables are dated data files."""

from seikyu.records.characters import control_byte, full_width, half_width, masked, outside_jis, text_of
from seikyu.records.encodings import EncodingWatch, foreign_signature
from seikyu.records.layout import (
    Block,
    Confidence,
    Item,
    Kind,
    Layout,
    Need,
    RecordLayout,
    Scope,
    Variant,
    layout_for,
    layouts,
)
from seikyu.records.lines import Line, LineCutter, LineReader, Tail, read_lines
from seikyu.records.months import Month, ReadDate, ReadMonth, Years, era_text, eras, parse_date, parse_month
from seikyu.records.numbers import InstitutionCode, InsurerNumber, PublicPayerNumber, RecipientNumber, check_digit
from seikyu.records.sniffing import Header, kind_ja, sniff, usual_name_of
from seikyu.records.tables import CodeTable, Row, table
from seikyu.records.uke import Record, UKEFile, decode, encode, split

__all__ = [
    "Block",
    "CodeTable",
    "Confidence",
    "EncodingWatch",
    "Header",
    "InstitutionCode",
    "InsurerNumber",
    "Item",
    "Kind",
    "Layout",
    "Line",
    "LineCutter",
    "LineReader",
    "Month",
    "Need",
    "PublicPayerNumber",
    "ReadDate",
    "ReadMonth",
    "RecipientNumber",
    "Record",
    "RecordLayout",
    "Row",
    "Scope",
    "Tail",
    "UKEFile",
    "Variant",
    "Years",
    "check_digit",
    "control_byte",
    "decode",
    "encode",
    "era_text",
    "eras",
    "foreign_signature",
    "full_width",
    "half_width",
    "kind_ja",
    "layout_for",
    "layouts",
    "masked",
    "outside_jis",
    "parse_date",
    "parse_month",
    "read_lines",
    "sniff",
    "split",
    "table",
    "text_of",
    "usual_name_of",
]
