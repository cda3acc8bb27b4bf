"""`seikyu rules`: the checks, and one of them explained."""

import json

import pytest

from seikyu.apps.cli import run
from seikyu.rules import catalogue
from seikyu.rules.table import checks


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")


def test_every_check_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, and at the end how many."""
    assert 0 == run(["rules"])

    *lines, total = capsys.readouterr().out.splitlines()
    assert list(checks()) == [line.split()[0] for line in lines]
    assert f"{len(checks())} of {len(checks())} checks" == total


@pytest.mark.parametrize(
    "arguments", [["--kind", "dental"], ["--level", "L1,L2"], ["--judged", "no"], ["--judged", "yes"]]
)
def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """By kind of claim, level, and whether it is judged."""
    run(["rules", "--json", *arguments])
    told = json.loads(capsys.readouterr().out)

    assert 0 < len(told) < len(checks())
    name, value = arguments[0][2:], arguments[1]
    for each in told:
        assert value in each["kinds"] if name == "kind" else each[name] in value.split(",")
    run(["rules", *arguments])
    assert len(told) == len(capsys.readouterr().out.splitlines()) - 1


@pytest.mark.parametrize("code", ["X3001", "x3001", "2541", "L2541"])
def test_a_rule_is_explained_in_a_clerks_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """What is wrong, why it matters, what to do; in both languages, and as an object."""
    for language, words in (
        ("en", ("why:", "what to do:", "wrong:", "right:")),
        ("ja", ("理由", "直し方", "誤りの例")),
    ):
        monkeypatch.setenv("SEIKYU_LANG", language)
        assert 0 == run(["rules", code])
        out = capsys.readouterr().out
        assert all(word in out for word in words)
    run(["rules", code, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["code"] in {"X3001", "L2541"}
    assert all(told[name] for name in ("title", "title_ja", "why", "why_ja", "remedy", "remedy_ja"))


def test_every_check_can_be_explained(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that are not judged, with the reason, and the acts of the office."""
    for language in ("en", "ja"):
        monkeypatch.setenv("SEIKYU_LANG", language)
        for code in checks():
            assert 0 == run(["rules", code])
            out = capsys.readouterr().out
            assert out.startswith(code)
            assert "?" not in out.replace("？", "")
    made = {rule.code for rule in catalogue()}
    other = next(row for code, row in checks().items() if code not in made)
    monkeypatch.setenv("SEIKYU_LANG", "en")
    run(["rules", other.code])
    assert f"because:    {other.reason}" in capsys.readouterr().out


def test_a_check_that_is_not_made_is_explained_in_japanese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would look at, and why nobody does; the list too, and the object has both languages."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")

    run(["rules", "X4028"])
    said = capsys.readouterr().out
    assert "X4028  一部負担金が、自己負担限度額を超えています" in said
    assert "自己負担限度額は、他の医療機関の請求にもよるため判断できません。" in said
    assert "点検　：行いません\n" in said
    run(["rules", "--judged", "no"])
    assert "X4028  L4   （点検なし） 一部負担金が" in capsys.readouterr().out
    run(["rules", "X4028", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert "ceilings depend on what other institutions claim" == told["reason"]
    assert told["reason_ja"].startswith("自己負担限度額は")
    assert told["title_ja"].startswith("一部負担金が")


@pytest.mark.parametrize(
    "arguments", [["X9999"], ["X3001,X3002"], ["--kind", "ships"], ["--level", "L9"], ["--judged", "maybe"]]
)
def test_wrong_usage_ends_with_3(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """One line and a hint."""
    assert 3 == run(["rules", *arguments])

    captured = capsys.readouterr()
    assert "" == captured.out
    assert 2 == len(captured.err.splitlines())
