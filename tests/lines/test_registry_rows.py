"""The list of lines and providers: what a cell may say, and how everything that is wrong is named."""

import csv
import io
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.kinds import line_kinds
from seikyu.lines.registry import (
    BadList,
    Offer,
    columns,
    differences,
    example_list,
    named,
    narrowed,
    neutral,
    read_list,
    word,
    words,
    written,
)

HEAD = "carrier,service,areas,kind,access,systems,provider contract,contact,phone,url,since,until"
ROW = "見本通信,見本光,east,ipvpn_ipv6,ftth,both,no,窓口,0120-000-000,https://a.example/,2020-04-01,2027-03-31"


def reading(*rows: str) -> BadList:
    """Return what is wrong with a list."""
    with pytest.raises(BadList) as caught:
        read_list("\n".join(rows))
    return caught.value


def changed(**cells: str) -> str:
    """Return the row with other cells, named as in the heading."""
    row = dict(zip(HEAD.split(","), ROW.split(","), strict=True)) | {k.replace("_", " "): v for k, v in cells.items()}
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row.values())
    return out.getvalue().rstrip("\n")


def test_a_row_is_read_in_codes_or_in_words_of_either_language() -> None:
    """Letters of any width; several words in one cell between any usual signs; blanks at the ends gone."""
    japanese = changed(
        areas="東日本、西日本", kind="ＩＰ-VPN接続【IPv6】", access="光;光コラボ",
        systems="両方", provider_contract="不要", phone="０１２０-000-000", since="2020/4/1", until="",
    )  # fmt: skip

    (offer,) = read_list(f"{HEAD}\n{japanese}\n")

    assert Offer(
        carrier="見本通信", service="見本光", areas=("east", "west"), kind="ipvpn_ipv6", access=("ftth", "collab"),
        systems="both", provider_contract="not_needed", contact="窓口", phone="0120-000-000",
        url="https://a.example/", since=date(2020, 4, 1),
    ) == offer  # fmt: skip
    assert offer.name == "見本通信/見本光"


def test_what_is_written_is_read_back() -> None:
    """In both languages, in any order of columns; rows without any text are none."""
    for lang in ("ja", "en"):
        assert example_list() == read_list(written(example_list(), lang))
    backwards = "\n".join(",".join(reversed(line.split(","))) for line in (HEAD, ROW))
    assert read_list(f"{HEAD}\n,,,,,,,,,,,\n{ROW}") == read_list(backwards)


def test_a_formula_is_written_so_that_no_spreadsheet_runs_it() -> None:
    """And read back without the apostrophe, however many there were."""
    (offer,) = read_list(f"{HEAD}\n{changed(service='=cmd', contact=chr(39) + '+1')}")

    assert ("=cmd", "+1") == (offer.service, offer.contact)
    assert ",'=cmd," in written([offer], "en")
    assert (offer,) == read_list(written([offer], "en"))
    assert ("'=1", "''=1", "見本") == (neutral("=1"), neutral("'=1"), neutral("見本"))


@pytest.mark.parametrize(
    ("cells", "column", "why"),
    [
        ({"carrier": ""}, "carrier", "missing"),
        ({"areas": ""}, "areas", "missing"),
        ({"areas": "南"}, "areas", "choice"),
        ({"areas": "east;南"}, "areas", "choice"),
        ({"areas": ";"}, "areas", "choice"),
        ({"kind": "radio"}, "kind", "choice"),
        ({"access": "紙"}, "access", "choice"),
        ({"systems": "x"}, "systems", "choice"),
        ({"provider_contract": "maybe"}, "provider_contract", "choice"),
        ({"provider_contract": "needed"}, "provider_contract", "contract"),
        ({"kind": "ipsec_ike"}, "provider_contract", "contract"),
        ({"service": "x" * 201}, "service", "text"),
        ({"service": "a\nb"}, "service", "text"),
        ({"phone": "110"}, "phone", "phone"),
        ({"url": "javascript:alert(1)"}, "url", "url"),
        ({"since": "2026-02-30"}, "since", "day"),
        ({"since": "令和8年"}, "since", "day"),
        ({"until": "2020-03-31"}, "until", "days"),
    ],
)
def test_a_wrong_cell_is_named_with_row_and_column(cells: dict[str, str], column: str, why: str) -> None:
    """And refuses the whole list; a word that nobody knows is told with those that are."""
    bad = reading(HEAD, changed(service="x1"), changed(**cells))

    assert "cells" == bad.why
    (wrong,) = bad.wrong
    assert (column, why) == (wrong.column, wrong.why)
    assert wrong.line == (4 if "\n" in cells.get("service", "") else 3)
    assert wrong.known == (tuple(words(column)) if why == "choice" or (why, column) == ("missing", "areas") else ())


def test_every_wrong_cell_is_told_in_the_order_of_the_list() -> None:
    """Also the rows that have too few cells, or speak of what another row has spoken of."""
    bad = reading(HEAD, changed(phone="x", url="y"), ROW, "a,b", changed(service="見本 光"), changed(service="見本光"))

    found = [(each.line, each.column, each.why, each.known) for each in bad.wrong]
    assert [(2, "phone", "phone", ()), (2, "url", "url", ()), (4, "", "half_row", ("12",)),
            (6, "service", "twice", ("3",))] == found  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "why", "names"),
    [
        (["", ""], "empty", ()),
        (["備考", ROW], "heading_missing", ("carrier", "service", "areas", "kind", "access", "systems", "provider_contract", "contact")),
        ([HEAD.replace("url", "ｆａｘ"), ROW], "heading_unknown", ("ｆａｘ",)),
        ([HEAD.replace("url", "電話"), ROW], "heading_twice", ("phone",)),
        ([HEAD.replace("contact,", ""), ROW], "heading_missing", ("contact",)),
        ([HEAD], "empty", ()),
        ([HEAD, 'x,"y'], "not_csv", ()),
    ],
)  # fmt: skip
def test_a_list_without_a_right_heading_is_refused(rows: list[str], why: str, names: tuple[str, ...]) -> None:
    """A column that nobody knows too: a slip in it would leave out what was meant."""
    bad = reading(*rows)

    assert (why, names) == (bad.why, bad.names)
    assert (bad.line > 0) == (why == "not_csv")


@given(
    rows=st.lists(st.lists(st.text() | st.sampled_from(ROW.split(",")), max_size=13), max_size=5), head=st.booleans()
)
def test_any_cells_give_a_list_or_what_is_wrong(rows: list[list[str]], head: bool) -> None:  # noqa: FBT001
    """Nothing else is raised, and what is read can be written and read again."""
    out = io.StringIO()
    csv.writer(out).writerows([HEAD.split(",")] * head + rows)
    with suppress(BadList):
        found = read_list(out.getvalue())
        assert found == read_list(written(found, "ja"))


@given(text=st.text())
def test_any_text_gives_a_list_or_what_is_wrong(text: str) -> None:
    """Nothing else is raised."""
    with pytest.raises(BadList):
        read_list(text)


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit of rows, right ones and wrong ones counted."""
    monkeypatch.setattr("seikyu.lines.registry.limit", lambda _name: 2)

    assert "too_many_rows" == reading(HEAD, ROW, changed(phone="x", url="x"), ROW).why


def test_the_example_holds_made_up_names_and_numbers_only() -> None:
    """Carriers called sample, hosts under `.example`, phone numbers that nobody has; every kind of line occurs."""
    for offer in example_list():
        assert offer.carrier.startswith("見本")
        assert offer.phone.startswith("0120-000-0")
        assert offer.url.endswith(".example/")
    assert set(line_kinds()) == {offer.kind for offer in example_list()}
    assert {"current", "withdrawn"} == {offer.status(date(2026, 11, 26)) for offer in example_list()}


def test_an_offer_is_ordered_from_its_first_to_its_last_day() -> None:
    """Both included; without them for ever."""
    (offer,) = read_list(f"{HEAD}\n{ROW}")
    (ever,) = read_list(f"{HEAD}\n{changed(since='', until='')}")

    days = (date(2020, 3, 31), date(2020, 4, 1), date(2027, 3, 31), date(2027, 4, 1))
    assert ["coming", "current", "current", "withdrawn"] == [offer.status(day) for day in days]
    assert {"current"} == {ever.status(day) for day in days}


def test_a_list_is_narrowed_by_area_kind_system_and_line() -> None:
    """What is offered nationwide, or in the wider area, is offered in each; an unknown word is a bug of ours."""
    every = example_list()

    assert every == narrowed(every)
    assert {"見本光九州"} & {each.service for each in narrowed(every, area="kyushu")}
    assert not narrowed(every, area="kyushu", system="eligibility", kind="ipvpn_ipv4")
    assert ["見本レセプト接続"] == [each.service for each in narrowed(every, kind="ipsec_ike", access="mobile")]
    assert not narrowed(every, kind="ipsec_ike", access="isdn")
    assert "見本光東" not in {each.service for each in narrowed(every, area="nationwide")}
    with pytest.raises(KeyError):
        narrowed(every, kind="radio")


def test_an_offer_is_found_by_carrier_service_or_both() -> None:
    """In any width and case."""
    every = example_list()

    assert ["見本医療VPN"] == [each.service for each in named(every, "見本データ/見本医療ｖｐｎ")]
    assert 3 == len(named(every, "見本東通信"))
    assert () == named(every, "nobody")


def test_two_lists_are_compared_by_carrier_service_and_kind() -> None:
    """What is new, what says something else, what is gone."""
    before = read_list(f"{HEAD}\n{ROW}\n{changed(service='B')}\n{changed(service='C')}")
    after = read_list(f"{HEAD}\n{ROW}\n{changed(service='B', contact='other')}\n{changed(service='D')}")

    assert {"added": ("見本通信/D",), "changed": ("見本通信/B",), "removed": ("見本通信/C",)} == differences(
        before, after
    )


def test_every_word_has_both_languages_and_one_meaning() -> None:
    """No spelling means two things, and `within` names words of the same table."""
    for table in ("areas", "access", "systems", "provider_contract", "kind"):
        spelled = [text for each in words(table).values() for text in {each.name, each.ja, each.en, *each.also}]
        assert sorted(set(spelled)) == sorted(spelled)
        assert all(wider in words(table) for each in words(table).values() for wider in each.within)
    assert "東日本" == word("areas", "east").ja
    assert {"code", "many", "text", "phone", "url", "day"} == {row["form"] for row in columns().values()}
