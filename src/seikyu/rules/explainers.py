"""Whom to ask about a finding: the maker of the program about data, the desk about operation, else the body."""

from enum import StrEnum
from typing import Final

from seikyu.rules.catalogue import catalogue
from seikyu.rules.finding import Level
from seikyu.rules.rule import Scope
from seikyu.rules.table import checks


class Explainer(StrEnum):
    """Who explains a finding. Source: provider:9 no. 5."""

    BODY = "body"
    VENDOR = "vendor"
    DESK = "desk"


#: What is read wrong as data: a single item, or the file as a whole.
_DATA: Final = frozenset({Scope.ITEM, Scope.FILE})


def explainer(code: str) -> Explainer:
    """Return who explains what a rule finds; the review body where nothing is known of the code.

    >>> explainer("X1004"), explainer("X3020")
    (<Explainer.VENDOR: 'vendor'>, <Explainer.BODY: 'body'>)
    """
    check = checks().get(code)
    if check is None:
        return Explainer.BODY
    if check.needs == "context":
        return Explainer.DESK
    scope = next((rule.scope for rule in catalogue() if rule.code == code), None)
    return Explainer.VENDOR if scope in _DATA or check.level is Level.L1 else Explainer.BODY
