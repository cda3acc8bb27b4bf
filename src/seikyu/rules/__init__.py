"""What a file and a claim must satisfy: the checker, the findings and their reports."""

from seikyu.rules.catalogue import catalogue
from seikyu.rules.context import Context, body_of
from seikyu.rules.examine import Told, examine
from seikyu.rules.finding import GRAVITY, Finding, Level, Refuses
from seikyu.rules.index import IndexRow, PayerShare
from seikyu.rules.rule import Rule
from seikyu.rules.summary import STANDINGS, Summary, Totals, ruleset

__all__ = [
    "GRAVITY",
    "STANDINGS",
    "Context",
    "Finding",
    "IndexRow",
    "Level",
    "PayerShare",
    "Refuses",
    "Rule",
    "Summary",
    "Told",
    "Totals",
    "body_of",
    "catalogue",
    "examine",
    "ruleset",
]
