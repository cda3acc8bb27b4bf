"""One slip in one item of a rich claim is one finding in its line, and nothing that only follows from it is told."""

from typing import Final

import pytest

from seikyu.rules import Finding, Level
from telling import told_of

#: Two public payers, eligibility records, two diseases, a unit of two drugs, a comment and symptom details.
LINES: Final = (
    "IR,1,99,1,0112342,,見本診療所,202609,00,03-0000-0000",
    "RE,1,1132,202608,見本　太郎,1,19800101,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,ミホンタロウ" + "," * 1,
    "HO,06990014,見本,1,1,651,,,,,,1000" + "," * 3,
    "KO,54990015,0000018,,1,651,500" + "," * 5,
    "KO,80990013,0000018,,1,651" + "," * 6,
    "SN,1,01,,,,02" + "," * 2,
    "JD,1,1" + "," * 30,
    "MF,00" + "," * 31,
    "SY,8833421,20260801,1" + "," * 4,
    "SY,0000999,20260801,1,,見本病" + "," * 2,
    "SI,11,4,111000110,,291,1,,,,,,,1" + "," * 30,
    "IY,21,4,620000001,1.5,,3,,,,,,,3" + "," * 30,
    "IY,,4,620000001,1,100,3,,,,,,,3" + "," * 30,
    "SI,60,4,160000010,,60,1,,,,,,,1" + "," * 30,
    "CO,,4,810000001,見本",
    "SJ,01,見本",
    "GO,3,651,99",
)

#: Line from 1, item, what stands there instead, and what is told.
SLIPS: Final = (
    (1, 6, "01", "L1011"),
    (1, 10, "1111111111111111", "L1929"),
    (1, 3, "48", "X1015"),
    (1, 5, "0112343", "X1018"),
    (1, 9, "01", "X1022"),
    (2, 2, "2", "L1917"),
    (2, 2, "A", "L1910"),
    (2, 3, "1999", "X2010"),
    (2, 3, "1112", "L2900"),
    (2, 4, "202613", "L2951"),
    (2, 4, "202609", "X2015"),
    (2, 5, "", "L3001"),
    (2, 5, "見本 太郎", "X2007"),
    (2, 5, "見本　①", "X1031"),
    (2, 6, "3", "X2016"),
    (2, 7, "19800230", "L2133"),
    (2, 7, "20200101", "L3140"),
    (2, 8, "70", "L4801"),
    (2, 9, "20260832", "X2009"),
    (2, 9, "20260801", "X2020"),
    (2, 12, "98", "X3014"),
    (2, 19, "29915080700000001", "XR002"),
    (2, 22, "1A", "L2102"),
    (3, 2, "0699001A", "L2167"),
    (3, 2, "06990015", "X3001"),
    (3, 2, "99990012", "X3002"),
    (3, 4, "", "L2162"),
    (3, 5, "0", "X2026"),
    (3, 6, "", "X2027"),
    (3, 6, "650", "X1025 X3020"),
    (3, 7, "1", "X2054"),
    (3, 10, "1", "X3036"),
    (3, 12, "A", "X2008"),
    (3, 13, "1", "X3035"),
    (4, 2, "5499001", "L2187"),
    (4, 2, "54990016", "X3005"),
    (4, 3, "", "X2025"),
    (4, 3, "0000019", "X3007"),
    (4, 6, "650", "X3021"),
    (5, 2, "54990015", "X2024"),
    (5, 5, "2", "X3018"),
    (5, 6, "652", "X3019 X3021"),
    (6, 2, "5", "L2140"),
    (6, 3, "02", "X2050"),
    (6, 7, "1", "X2051"),
    (7, 2, "5", "X2052"),
    (8, 2, "03", "X2053"),
    (9, 2, "88", "L2257"),
    (9, 3, "20260231", "X2030"),
    (9, 3, "20260901", "X3024"),
    (9, 3, "19700101", "X3025"),
    (9, 4, "9", "X2031"),
    (9, 5, "800", "X2033"),
    (9, 7, "02", "L3220"),
    (10, 6, "", "X2032"),
    (11, 2, "", "X2038"),
    (11, 2, "15", "X2039"),
    (11, 3, "0", "X2036"),
    (11, 3, "V", "X2037"),
    (11, 4, "", "L2541"),
    (11, 4, "1", "X2035"),
    (11, 6, "", "X2041"),
    (11, 7, "2", "X2043"),
    (12, 7, "2", "X2042 X2043"),
    (12, 4, "62", "L2361"),
    (12, 5, "A", "X2008"),
    (14, 2, "90", "X2014"),
    (14, 2, "12", "X2040"),
    (15, 5, "abc", "X2060"),
    (16, 2, "88", "X2048"),
    (17, 2, "X", "L1574"),
    (17, 2, "4", "X1024"),
    (17, 3, "X", "L1575"),
    (17, 3, "652", "X1025"),
    (17, 4, "98", "X1023"),
)


def told(lines: list[str]) -> list[Finding]:
    """Return what is told above notice, and the notices that are looked for."""
    data = "".join(f"{line}\r\n" for line in lines).encode("cp932") + b"\x1a"
    return [each for each in told_of(data, identity_key=b"slips") if isinstance(each, Finding)]


def test_the_claim_without_a_slip_is_right() -> None:
    """Nothing is told of it."""
    assert [] == told(list(LINES))


@pytest.mark.parametrize(("line", "item", "value", "codes"), SLIPS, ids=[f"{s[3]}-{s[0]}-{s[1]}" for s in SLIPS])
def test_a_slip_is_told_once_and_in_its_line(line: int, item: int, value: str, codes: str) -> None:
    """More codes than one only where the papers have several checks of one figure."""
    lines = list(LINES)
    items = lines[line - 1].split(",")
    items[item - 1] = value
    lines[line - 1] = ",".join(items)

    found = told(lines)

    assert codes.split() == sorted(each.code for each in found)
    assert line in {each.line for each in found}
    assert all(each.message and each.message_ja and each.level in Level for each in found)
