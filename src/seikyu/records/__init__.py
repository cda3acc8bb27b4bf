"""UKE bytes <-> records <-> claims; layouts and code tables are dated data files."""

from seikyu.records.arrow import PyarrowMissing, arrow_batches, arrow_schema, arrow_tables
from seikyu.records.characters import control_byte, full_width, half_width, masked, outside_jis, text_of
from seikyu.records.claims import ClaimReader, NoClaimFile, ReadClaim, ReadRecord, TooLong, read_claims, rewritten
from seikyu.records.editions import editions_of, layout_for, layouts
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
)
from seikyu.records.lines import Line, LineCutter, LineReader, Tail, read_lines
from seikyu.records.months import Month, ReadDate, ReadMonth, Years, era_text, eras, parse_date, parse_month
from seikyu.records.numbers import InstitutionCode, InsurerNumber, PublicPayerNumber, RecipientNumber, check_digit
from seikyu.records.secrecy import secret
from seikyu.records.sniffing import Header, is_usual_name, kind_ja, names_claims, sniff, usual_name_of
from seikyu.records.spans import Span, claim_spans
from seikyu.records.tables import CodeTable, Row, table
from seikyu.records.uke import Record, UKEFile, decode, encode, split
from seikyu.records.values import Reader, is_number, reader_of, value_of

__all__ = [
    "Block",
    "ClaimReader",
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
    "NoClaimFile",
    "PublicPayerNumber",
    "PyarrowMissing",
    "ReadClaim",
    "ReadDate",
    "ReadMonth",
    "ReadRecord",
    "Reader",
    "RecipientNumber",
    "Record",
    "RecordLayout",
    "Row",
    "Scope",
    "Span",
    "Tail",
    "TooLong",
    "UKEFile",
    "Variant",
    "Years",
    "arrow_batches",
    "arrow_schema",
    "arrow_tables",
    "check_digit",
    "claim_spans",
    "control_byte",
    "decode",
    "editions_of",
    "encode",
    "era_text",
    "eras",
    "foreign_signature",
    "full_width",
    "half_width",
    "is_number",
    "is_usual_name",
    "kind_ja",
    "layout_for",
    "layouts",
    "masked",
    "names_claims",
    "outside_jis",
    "parse_date",
    "parse_month",
    "read_claims",
    "read_lines",
    "reader_of",
    "rewritten",
    "secret",
    "sniff",
    "split",
    "table",
    "text_of",
    "usual_name_of",
    "value_of",
]
