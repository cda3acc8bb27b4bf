"""Codes of made files: from the masters that are there, with their points and prices; else from our own stock."""

from io import BytesIO
from pathlib import Path

import pytest

from seikyu.apps.generator import FORMS, Recipe, place_of, world, write
from seikyu.apps.generator.care import points_of
from seikyu.apps.generator.codes import codes_of
from seikyu.apps.generator.places import stock
from seikyu.records import Month
from seikyu.rules.finding import Finding
from seikyu.rules.masters import NO_MASTERS, Masters, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master
from telling import told_of

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "masters"
MONTH = Month(2026, 9)

PROCEDURES = "code,name,points,until\n111000110,初診料,288,99999999\n140000610,創傷処置,45,99999999\n"
PROCEDURES += "160000310,尿一般,26,20200331\n"
DRUGS = "code,name,unit,price,generic,until\n"
DRUGS += "".join(f"62900{number:03d}1,見本錠,錠,{number}.50,1,99999999\n" for number in range(10, 60))
DRUGS += "629999991,廃止錠,錠,10.00,1,20200331\n629999992,先発錠,錠,10.00,0,99999999\n"
DISEASES = "code,name,until\n" + "".join(f"77700{number:02d},見本病,99999999\n" for number in range(30))
DISEASES += "7779999,廃止病,20200331\n"


def shelf(**texts: str) -> Masters:
    """Return masters of CSV texts by kind."""
    found = []
    for kind, text in texts.items():
        read = read_master(text.encode(), kind=kind)
        block = read.pack(since=20200101, known_until=20991231, whole=True, file=f"{kind}.csv", imported=1)
        found.append(opened(read_version(block)))
    return masters_of(found)


def made(recipe: Recipe) -> bytes:
    """Return the file."""
    out = BytesIO()
    write(recipe, out)
    return out.getvalue()


def test_without_masters_the_stock_is_taken() -> None:
    """Nothing is copied, nothing changed."""
    assert codes_of(NO_MASTERS, stock("medical"), MONTH) is stock("medical")


def test_points_are_those_of_the_master() -> None:
    """A fee has the month's points; an act that the master has no more is left out; other kinds of codes stay."""
    codes = codes_of(shelf(s=PROCEDURES), stock("medical"), MONTH)

    assert 288 == codes["visit"]["first"]["points"]
    assert [("140000610", 45)] == [(act["lines"][0][1], act["points"]) for act in codes["act"]]
    assert stock("medical")["drugs"] == codes["drugs"]


def test_drugs_and_diseases_come_from_all_over_the_master() -> None:
    """Generic tablets with a price, and diseases in force; what has ended is not drawn."""
    codes = codes_of(shelf(y=DRUGS, b=DISEASES), stock("medical"), MONTH)
    drawn = {drug[0] for drug in codes["drugs"]["oral"]}

    assert 50 == len(drawn)
    assert not drawn & {"629999991", "629999992"}
    assert 30 == len(codes["diseases"]["codes"])
    assert "7779999" not in codes["diseases"]["codes"]
    assert all(
        yen == pytest.approx(float(amount) * (float(code[5:8]) + 0.5)) for code, amount, yen in codes["drugs"]["oral"]
    )


def test_a_file_of_masters_has_their_codes_and_prices() -> None:
    """What stands in the file is what the masters have, and its points are those of their prices."""
    data = made(Recipe(world().institutions[1], "1", 202610, 300, masters=shelf(y=DRUGS, b=DISEASES)))
    lines = [line.split(b",") for line in data.split(b"\r\n")]

    assert all(b"6290" == line[3][:4] for line in lines if line[0] == b"IY" and line[1] == b"21")
    assert {b"777"} == {line[1][:3] for line in lines if line[0] == b"SY"} - {b"000"}
    assert any(line[0] == b"IY" for line in lines)


@pytest.mark.parametrize(
    ("yen", "points"), [(0, 1), (15, 1), (15.01, 2), (25, 2), (25.1, 3), (40, 4), (45, 4), (140, 14)]
)
def test_points_of_drugs(yen: float, points: int) -> None:
    """One point up to 15 yen, then one a ten; half a ten is rounded down."""
    assert points == points_of(yen)


@pytest.mark.parametrize("kind", FORMS)
def test_nursing_fees_and_the_rest_pass_with_masters(kind: str) -> None:
    """A file of the public slices of masters passes the check with these masters."""
    if not SAMPLES.is_dir():
        pytest.skip("no shared samples here")
    masters = samples()

    data = made(Recipe(place_of(kind), "1", 202610, 120, 3, kind=kind, masters=masters, reclaim_share=0.1))
    told = told_of([data], identity_key=bytes(32), masters=masters)

    assert [] == [each for each in told if isinstance(each, Finding)]


def samples() -> Masters:
    """Return the shared slices of public masters; a slice is not whole."""
    found = []
    for kind, name in {
        "s": "s_202406_min_slice",
        "y": "y_202406_min_slice",
        "b": "b_202406_min_slice",
        "z": "z_20250101",
        "t": "t_20250228",
        "c": "c_20250307",
        "r": "nursing_fee_basic",
    }.items():
        read = read_master((SAMPLES / f"{name}.csv").read_bytes(), kind=kind)
        block = read.pack(since=20240601, known_until=20250331, whole=False, file=name, imported=1)
        found.append(opened(read_version(block)))
    return masters_of(found)
