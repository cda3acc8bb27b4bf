"""What a file and a claim must satisfy: the checker, the findings and their reports."""

from seikyu.rules.blocks import Findings, Rows
from seikyu.rules.catalogue import catalogue
from seikyu.rules.context import Context, body_of
from seikyu.rules.examine import Block, Examination, examine
from seikyu.rules.finding import GRAVITY, Finding, Level, Refuses
from seikyu.rules.index import IndexRow, PayerShare
from seikyu.rules.rule import Rule
from seikyu.rules.summary import STANDINGS, Summary, Totals, ruleset

__all__ = [
    "GRAVITY",
    "STANDINGS",
    "Block",
    "Context",
    "Examination",
    "Finding",
    "Findings",
    "IndexRow",
    "Level",
    "PayerShare",
    "Refuses",
    "Rows",
    "Rule",
    "Summary",
    "Totals",
    "body_of",
    "catalogue",
    "examine",
    "ruleset",
]
