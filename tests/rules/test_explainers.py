"""Whom to ask about a finding."""

import pytest

from seikyu.rules.catalogue import catalogue
from seikyu.rules.explainers import Explainer, explainer


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("X1004", Explainer.VENDOR),
        ("L2133", Explainer.VENDOR),
        ("X3020", Explainer.BODY),
        ("X1029", Explainer.DESK),
        ("Q0000", Explainer.BODY),
    ],
)
def test_data_is_the_vendors_operation_the_desks_and_content_the_bodys(code: str, expected: Explainer) -> None:
    """Nobody is sent from one to the other."""
    assert expected is explainer(code)


def test_every_rule_has_somebody_who_explains_it() -> None:
    """All three have something to explain."""
    assert set(Explainer) == {explainer(rule.code) for rule in catalogue()}
