"""What is certain from the beginning of a file is what its end says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import claim, uke
from seikyu.rules import Context, Finding, Rule, Summary, catalogue
from seikyu.rules.blocks import Certain, one_by_one
from seikyu.rules.certain import EARLY, EARLY_ON_WHOLE_LINES, HEAD_BYTES, certain, first_certain
from seikyu.rules.examine import Engine, Examination, examine
from seikyu.rules.example import embedded
from seikyu.rules.finding import Refuses
from seikyu.rules.rule import Scope
from telling import told_of

KEY = b"a key for tests"
MORE = b"CO,11,1,810000001,\r\n" * (HEAD_BYTES // 20 + 1)
GOOD = uke(*(claim(no) for no in range(1, 400)))


def verdict(data: bytes, context: Context | None = None) -> tuple[bool, set[str]]:
    """Return what the end of a file says: whether it is refused, and by which findings."""
    told = list(told_of([data], identity_key=KEY, context=context))
    summary = told[-1]
    assert isinstance(summary, Summary)
    return summary.refused, {each.code for each in told if isinstance(each, Finding) and each.refuses is Refuses.FILE}


def agrees(head: bytes, *rests: bytes, context: Context | None = None) -> str | None:
    """Hold that what is certain from the head is said at the end too, whatever stands there; return what it is."""
    found = certain(head, context=context)
    for rest in rests if found is not None else ():
        refused, codes = verdict(head + rest, context)
        assert refused
        assert found is not None
        assert found.code in codes
    return found.code if found else None


FAILS = [(rule, example) for rule in catalogue() for example in rule.fails if rule.code != "X1037"]
RESTS = (b"", GOOD, b"\x00", b"\r\nIR,1,99,1,0112342,,,202609,00,\r\n")


@pytest.mark.unmeasured
@pytest.mark.parametrize(("rule", "example"), FAILS, ids=[f"{rule.code}-{no}" for no, (rule, _) in enumerate(FAILS)])
def test_what_is_certain_early_is_true_at_the_end(rule: Rule, example: str | bytes) -> None:
    """Whatever follows the beginning of each wrong example, it changes nothing of a verdict that was given on it."""
    whole = embedded(example)[:-1] + MORE

    agrees(whole[:HEAD_BYTES], *(whole[HEAD_BYTES:] + rest for rest in RESTS), context=rule.context)


@pytest.mark.unmeasured
@given(at=st.integers(0, HEAD_BYTES), damage=st.binary(min_size=1, max_size=40), rest=st.binary(max_size=200))
@settings(deadline=None, max_examples=60)
def test_damage_anywhere_is_never_called_certain_wrongly(at: int, damage: bytes, rest: bytes) -> None:
    """A file that is spoilt at any place of its beginning is refused early only if it is refused at all."""
    spoilt = GOOD[:at] + damage + GOOD[at:]

    agrees(spoilt[:HEAD_BYTES], spoilt[HEAD_BYTES:] + rest)


@pytest.mark.parametrize(
    ("code", "start", "context"),
    [
        ("X1004", b"\xff\xd8\xff\xe0\x00\x10JFIF", Context()),
        ("X1004", GOOD.decode("cp932").encode(), Context()),
        ("X1008", b"hello\r\n", Context()),
        ("X1011", GOOD[: GOOD.index(b"\n") + 1] * 2, Context()),
        ("X1014", b"", Context(body="2-99")),
        ("X1019", b"", Context(institution="9910000000")),
        ("X1021", b"", Context(claim_months=frozenset())),
        ("L1910", GOOD[: GOOD.index(b"\n") + 1] + b"RE,x,1112,202608,,1,19800101\r\n", Context()),
        ("X1006", GOOD[: GOOD.index(b"\n") + 1] + b"SY,\x00\x00\x00\r\n", Context()),
    ],
)
def test_what_cannot_be_taken_is_certain_from_the_beginning(code: str, start: bytes, context: Context) -> None:
    """An image, a text, another's file: nobody needs to wait for its end."""
    whole = start + GOOD

    assert code == agrees(whole[:HEAD_BYTES], whole[HEAD_BYTES:], context=context)


def test_an_empty_beginning_of_a_long_file_is_certain() -> None:
    """So many line ends are no file, whatever stands behind them."""
    assert "X1002" == agrees(b"\r\n" * (HEAD_BYTES // 2), GOOD)


@pytest.mark.parametrize("head", [GOOD[:HEAD_BYTES], GOOD[:20], b"IR," + b"1" * HEAD_BYTES, b"IR,2,99"])
def test_what_may_still_turn_out_well_is_not_certain(head: bytes) -> None:
    """No end, no claim, or half a header is no verdict on a file that has only begun."""
    assert certain(head, context=Context(body="1")) is None


def test_the_early_rules_are_rules_of_the_whole_file_that_refuse_it() -> None:
    """Any other rule tells its finding where it stands, and that is early enough."""
    rules = {rule.code: rule for rule in catalogue()}

    assert {Scope.FILE} == {rules[code].scope for code in EARLY | EARLY_ON_WHOLE_LINES}
    assert {Refuses.FILE} == {rules[code].refuses for code in EARLY | EARLY_ON_WHOLE_LINES}


def test_the_first_finding_that_refuses_the_file_decides() -> None:
    """What asks or refuses a claim does not."""
    told = told_of([GOOD[:-1].replace(b"GO,", b"GX,")], identity_key=KEY)

    found = first_certain(each for each in told if isinstance(each, Finding))

    assert found is not None
    assert Refuses.FILE is found.refuses
    assert first_certain([]) is None


@pytest.mark.parametrize("engine", ["reference", "kernel"])
@pytest.mark.parametrize(
    ("code", "extra"),
    [("X1006", b"SY,\x00\r\n"), ("X1011", b"IR,1,99,1,0112342,,,202609,00,\r\n"), (None, b"ZZ,1\r\n")],
)
def test_what_refuses_a_watched_file_is_told_once_as_soon_as_it_stands(
    engine: Engine, code: str | None, extra: bytes
) -> None:
    """However far behind the beginning; what is told is what the end says, and nothing is told of a file not watched."""
    at = GOOD.index(b"RE,300,")
    whole = GOOD[:at] + extra + GOOD[at:]
    chunks = [whole[start : start + 8_000] for start in range(0, len(whole), 8_000)]

    def told(*, eager: bool) -> list[tuple[int, str]]:
        examination = Examination(identity_key=KEY, engine=engine, eager=eager)
        blocks = ((no, block) for no, chunk in enumerate(chunks) for block in examination.feed(chunk))
        early = [(no, block.finding.code) for no, block in blocks if isinstance(block, Certain)]
        assert not [block for block in examination.finish() if isinstance(block, Certain)]
        return early

    early = told(eager=True)

    assert [code] * bool(code) == [each for _, each in early]
    assert all(at // 8_000 <= no < len(chunks) - 1 for no, _ in early)
    assert code is None or code in verdict(whole)[1]
    assert [] == told(eager=False)
    ends = list(one_by_one(examine(chunks, identity_key=KEY, engine=engine, eager=True)))
    assert ends == list(one_by_one(examine(chunks, identity_key=KEY, engine=engine)))
