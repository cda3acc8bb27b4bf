"""Every kind of file has a layout, and what means the same is called the same in all of them."""

from pathlib import Path

from pytest import mark, raises  # noqa: PT013 (the house names them so)

from seikyu.records import Confidence, Item, Kind, Layout, Month, Scope, Years, decode, layout_for, layouts, sniff
from seikyu.records.editions import Shelf
from seikyu.records.sniffing import _kinds

KINDS = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
NOW = {kind: layout_for(kind, Month(2026, 9)) for kind in KINDS}
RETURNS = [layout for layout in layouts() if layout.kind.endswith(("_return", "_reexamination"))]

#: Where samples are known to leave the form, from their list: items past the layout's end.
SURPLUS = {
    "dental_new-dental-ai_old_layout_2claims.UKE": {"IR"},
    "home_nursing_guide_record_examples.txt": {"TZ"},
    "home_nursing_nonconforming_5claims.txt": {"HO", "KO", "SY", "TZ", "RJ"},
}


@mark.parametrize("row", _kinds(), ids=lambda row: row["name"])
def test_every_kind_that_can_be_told_has_a_layout(row: dict[str, str]) -> None:
    """In any month, also in one that cannot be read."""
    for month in (None, Month(1999, 1), Month(2019, 12), Month(2026, 9)):
        assert row["name"] == layout_for(row["name"], month).kind


def test_the_editions_with_japanese_years_end_together() -> None:
    """Nothing says that the kinds changed at different months; home nursing began later."""
    for kind in KINDS[:-1]:
        era, western = (layout for layout in layouts() if layout.kind == kind)
        assert (Years.ERA, Years.WESTERN) == (era.years, western.years)
        assert (None, Month(2020, 5), Month(2020, 5)) == (era.since, era.until, western.since)
        assert Confidence.MEDIUM is western.since_confidence
        assert {"SN", "JD", "MF"} <= set(western.records) - set(era.records)
        widths = {i.width for r in era.records.values() for i in r.items if i.kind is Kind.DATE}
        assert {7} == widths
    assert ["home_nursing-western-2024"] == [layout.name for layout in layouts() if layout.kind == "home_nursing"]


def test_headers_trailers_and_openers_are_data() -> None:
    """Dental claims begin with IR, behind a header of another name; RE names the patient everywhere."""
    ends = {kind: (each.header, each.opener, each.head, each.trailer) for kind, each in NOW.items()}

    assert ends == {
        "medical": ("IR", "RE", "RE", "GO"),
        "dpc": ("IR", "RE", "RE", "GO"),
        "dental": ("UK", "IR", "RE", "GO"),
        "pharmacy": ("YK", "RE", "RE", "GO"),
        "home_nursing": ("HM", "RE", "RE", "GO"),
    }
    for layout in layouts():
        assert layout.claim_opener == layout.opener
        assert Scope.FILE is layout.records[layout.header].scope is layout.records[layout.trailer].scope
        assert Scope.CLAIM is layout.records[layout.opener].scope
    assert {"yen"} == {NOW["home_nursing"].unit}
    assert {"points"} == {NOW[kind].unit for kind in KINDS[:-1]}


@mark.parametrize("kind", KINDS)
def test_what_rules_look_for_is_called_the_same_in_every_kind(kind: str) -> None:
    """A rule finds an item by its name, wherever it stands."""
    layout = NOW[kind]
    names = {rid: set(record.by_name) for rid, record in layout.records.items()}

    assert {"review_body", "prefecture", "point_table", "institution_code", "institution_name", "claim_month"} <= names[
        layout.header
    ]
    assert {
        "claim_no", "claim_type", "service_month", "patient_name", "patient_name_kana", "sex", "birth_date",
        "benefit_rate", "copay_category", "special_notes", "chart_no", "search_no",
    } <= names["RE"]  # fmt: skip
    assert {
        "insurer_number", "card_symbol", "card_number", "actual_days", "total_points", "copay_yen", "work_reason",
        "certificate_no", "reduction_type", "reduction_rate", "reduction_yen",
    } <= names["HO"]  # fmt: skip
    assert {"payer_number", "recipient_number", "actual_days", "total_points", "copay_yen"} <= names["KO"]
    assert {"payer_kind", "confirmation", "branch_no"} <= names["SN"]
    assert {"payer_kind", "day_01", "day_31"} <= names["JD"]
    assert names["GO"] == {"record_id"} | (
        set() if kind == "home_nursing" else {"claim_count", "total_points", "volume_id"}
    )
    for rid in {"SI", "IY", "TO", "SS"} & set(names):
        if kind != "pharmacy":
            assert {"service_class", "burden", "points", "count", "day_01", "day_31"} <= names[rid]


def test_items_of_one_name_are_of_one_kind_and_one_secrecy() -> None:
    """What is personal in one kind of claim is personal in all."""
    seen: dict[tuple[str, str], set[tuple[Kind, bool]]] = {}
    for layout in NOW.values():
        for rid, record in layout.records.items():
            for item in record.items:
                if not item.name.startswith("reserved"):
                    seen.setdefault((rid, item.name), set()).add((item.kind, item.personal))

    assert {} == {place: kinds for place, kinds in seen.items() if len(kinds) > 1}


@mark.parametrize("kind", KINDS)
def test_what_names_a_person_is_masked(kind: str) -> None:
    """Names, kana, birth date, card, recipient and chart numbers, and everything that is typed freely."""
    for rid, record in {**NOW[kind].records, **NOW[kind].history}.items():
        for item in record.items:
            place_of_care = item.name.startswith(("institution_", "prescriber_", "other_")) or item.name == "section_no"
            typed = item.kind in {Kind.KANJI, Kind.TEXT} and not item.name.startswith("reserved")
            named = item.name in {"birth_date", "recipient_number", "chart_no", "branch_no", "death_date"} and (
                rid not in {"JY", "RT"}
            )
            assert item.personal or place_of_care or not (typed or named), (rid, item.name)


def test_dental_claims_have_their_order() -> None:
    """UK first; IR and RE in each claim; HS behind MF, the lines together (records:4)."""
    records = sorted(NOW["dental"].records.values(), key=lambda record: (record.order, record.scope is Scope.CLAIM))

    assert ["UK", "IR", "RE", "HO", "KO", "SN", "JD", "MF", "HS", "SI", "IY", "TO", "CO", "SS", "SJ", "GO"] == [
        record.id for record in records
    ]
    assert (Scope.FILE, Scope.CLAIM) == (records[0].scope, records[1].scope)
    assert (frozenset({"SS", "SI", "IY", "TO"}),) == NOW["dental"].one_of
    assert 109 == len(NOW["dental"].records["SS"].items)
    assert ("addition_code_02", "addition_quantity_35") == tuple(
        item.name for no in (9, 76) if (item := NOW["dental"].records["SS"].item(no))
    )


def test_pharmacy_claims_have_prescriptions() -> None:
    """SH, then CZ with its drugs, materials and comments, again and again (records:4)."""
    layout = NOW["pharmacy"]
    block = layout.blocks["prescription"]

    assert ("SH", "CZ", {"SH": 10, "CZ": 20, "IY": 30, "TO": 30, "CO": 30}) == (block.opens, block.again, block.records)
    assert {80} == {layout.records[rid].order for rid in block.records}
    assert (frozenset({"SH", "KI"}),) == layout.one_of
    assert {"CZ": 71, "KI": 114, "ST": 16, "RE": 42} == {
        rid: len(layout.records[rid].items) for rid in ("CZ", "KI", "ST", "RE")
    }
    assert {Month(2022, 4)} == {item.since for item in layout.records["CZ"].items[53:]}
    assert None is layout.service_class_lines


def test_home_nursing_claims_have_their_order() -> None:
    """Every record of nursing behind the other, the fees last (records:4)."""
    claim = sorted(
        (r for r in NOW["home_nursing"].records.values() if r.scope is Scope.CLAIM), key=lambda record: record.order
    )

    assert ["RE", "HO", "KO", "SN", "JD", "MF", "GI", "IH", "HJ", "JS", "SY", "RJ", "TJ", "TZ", "KS", "CO", "KA"] == [
        record.id for record in claim
    ]
    assert {"RE", "IH", "HJ", "JS", "SY", "RJ", "KA"} == {record.id for record in claim if record.minimum}


def test_dpc_claims_have_four_forms() -> None:
    """The summary class of the head says which; an empty one counts as an ordinary claim of DPC."""
    layout = NOW["dpc"]
    forms = {code: each.name for code in ("", "0", "1", "2", "3", "4") if (each := layout.variant(code))}

    assert forms == {"": "dpc", "0": "dpc", "1": "summary", "2": "dpc_detail", "3": "medical_detail"}
    assert "summary_class" == layout.variant_item
    assert layout.variant_item in layout.records[layout.head].by_name
    for variant in layout.variants.values():
        assert set(variant.minimum) | variant.without <= set(layout.records)
        assert not set(variant.minimum) & variant.without
    assert {"adjust_points", "month_total", "total_points"} == {
        i.name for r in layout.records.values() for i in r.items if i.signed
    }
    for other in KINDS:
        assert (other == "dpc") == bool(NOW[other].variants)


@mark.parametrize("layout", RETURNS, ids=lambda layout: layout.name)
def test_a_return_file_is_its_kind_between_another_header_and_trailer(layout: Layout) -> None:
    """No record of the claims is written again; a row corrected there is corrected here."""
    inner = next(each for each in layouts() if each.kind == layout.claim_kind and each.since == layout.since)

    assert set(layout.records) == set(inner.records) - {inner.header, inner.trailer} | {"HI", "HR", "HG"}
    assert all(record is inner.records[rid] for rid, record in layout.records.items() if rid in inner.records)
    assert ("HI", "HG", inner.opener) == (layout.header, layout.trailer, layout.opener)
    month = layout.records["HI"].by_name["claim_month"]
    assert month.width == inner.records[inner.header].by_name["claim_month"].width
    assert max(r.order for r in layout.records.values() if r.scope is Scope.CLAIM) == layout.records["HR"].order


def test_a_line_of_history_has_three_items_before_the_record() -> None:
    """In return files and in claims that are sent again (records:11)."""
    for layout in layouts():
        assert ["data_id", "line_no", "branch_no"] == [item.name for item in layout.prefix]
        assert {"MN", "RC", "JY", "ON", "EX", "MD", "RT", "JR", "MK"} == set(layout.history)
        assert not set(layout.history) & set(layout.records)
    items = b"1,12,0,SI,11".split(b",")
    layout = NOW["medical"]

    assert [b"SI", b"11"] == layout.behind_prefix(items)
    assert items[3:] == layout.behind_prefix(items[3:])
    assert [b""] == layout.behind_prefix([b""])
    assert [] == layout.behind_prefix([b"1"])
    assert (layout.records["SI"], layout.history["MN"], None) == (
        layout.in_history("SI"),
        layout.in_history("MN"),
        layout.in_history("ZZ"),
    )
    assert 7 == layout_for("medical_return", Month(2019, 1)).history["MD"].by_name["received_date"].width
    assert layout.personal("1", 5)


def test_doubtful_rows_are_marked() -> None:
    """DPC and returns are known from an older edition; a width that is not established is 0 and L."""
    assert Confidence.MEDIUM is NOW["dpc"].records["GA"].confidence
    assert Confidence.MEDIUM is NOW["dpc"].records["GA"].by_name["stay_pattern"].confidence
    assert Confidence.MEDIUM is NOW["pharmacy"].records["RE"].by_name["doctor_name_20"].confidence
    assert Confidence.HIGH is NOW["pharmacy"].records["RE"].by_name["sex"].confidence
    unknown = {
        (rid, item.confidence)
        for layout in layouts()
        for rid, record in {**layout.records, **layout.history}.items()
        for item in record.items
        if not item.width
    }
    assert {("ON", Confidence.LOW)} == unknown


def test_every_history_record_is_complete() -> None:
    """As test_layout asks of the others: numbers, names, Japanese, sources."""
    for record in NOW["medical"].history.values():
        assert list(range(1, len(record.items) + 1)) == [item.no for item in record.items]
        assert len(record.by_name) == len(record.items)
        assert Scope.HISTORY is record.scope
        assert all(item.ja and item.source for item in record.items)


def test_a_base_may_be_begun_anew_and_rows_may_be_paired() -> None:
    """`anew` drops the base's items, `step` leaves room between repeated ones, `{}` places the number."""
    base = """
[edition]
name = "a-1"
kind = "a"
ja = "甲"
years = "western"
source = "s"
[HD]
ja = "頭"
name = "h"
scope = "file"
order = 1
minimum = 1
source = "s:HD"
[CL]
ja = "明細"
name = "c"
scope = "claim"
order = 1
minimum = 1
source = "s:CL"
[CL.one]
no = 2
ja = "一"
kind = "digits"
width = 1
confidence = "L"
"""
    other = (
        base.replace('"a-1"', '"b-1"')
        .replace('kind = "a"', 'kind = "b"')
        .replace('ja = "甲"', 'ja = "乙"\nbase = "a-1"')
        .replace("[CL]\n", '[CL]\nanew = true\nconfidence = "M"\n')
        .replace("[CL.one]\nno = 2", "[CL.one]\nno = 4")
        + """
[CL."pair_{}_code"]
no = 2
ja = "組{}"
kind = "digits"
width = 2
repeat = 2
step = 3
[CL."pair_{}_points"]
no = 3
ja = "点{}"
kind = "digits"
width = 2
repeat = 2
step = 3
[CL.two]
no = 7
ja = "二"
kind = "digits"
width = 1
"""
    )
    shelf = Shelf.of([base, other])
    (own,), (made,) = shelf.editions("a"), shelf.editions("b")

    assert ["record_id", "one"] == [item.name for item in own.records["CL"].items]
    with raises(KeyError):
        Shelf.of([base, other.replace("no = 7", "no = 8")]).editions("b")
    assert [
        ("record_id", Confidence.HIGH),
        ("pair_01_code", Confidence.MEDIUM),
        ("pair_01_points", Confidence.MEDIUM),
        ("one", Confidence.LOW),
        ("pair_02_code", Confidence.MEDIUM),
        ("pair_02_points", Confidence.MEDIUM),
        ("two", Confidence.MEDIUM),
    ] == [(item.name, item.confidence) for item in made.records["CL"].items]
    assert ("HD", "HD", "CL", "CL") == (made.header, made.trailer, made.opener, made.head)


def test_a_shelf_tells_what_is_not_there_and_what_is_misplaced() -> None:
    """An edition stands under its own name and kind; returns exist of the kinds that are named, with what they add."""
    text = (
        '[edition]\nname = "a-1"\nkind = "a"\nja = "甲"\nyears = "western"\nsource = "s"\n'
        '[HD]\nja = "頭"\nname = "h"\nscope = "file"\norder = 1\nminimum = 1\nsource = "s:HD"\n'
        '[CL]\nja = "明"\nname = "c"\nscope = "claim"\norder = 1\nminimum = 1\nsource = "s:CL"\n'
    )
    around = (
        '[around]\nkinds = ["a"]\nsuffixes = { back = "戻" }\nheader = "HB"\ntrailer = "HB"\nsource = "s"\n'
        '[HB]\nja = "頭"\nname = "h"\nscope = "file"\norder = 1\nminimum = 1\nsource = "s:HB"\n'
    )

    assert ("a",) == Shelf.of([text]).kinds
    shelf = Shelf.of([text, around])
    assert ("a", "a_back") == shelf.kinds
    (back,) = shelf.editions("a_back")
    assert ("a_back-1", "甲 戻", "a", {"HB", "CL"}) == (back.name, back.ja, back.claim_kind, set(back.records))
    assert () == back.prefix
    history = (
        '[history]\nsource = "s"\n[prefix.mark]\nno = 1\nja = "印"\nkind = "digits"\nwidth = 1\n'
        '[PA]\nja = "昔"\nname = "p"\nscope = "history"\norder = 1\nminimum = 0\nsource = "s:PA"\n'
    )
    (with_past,) = Shelf.of([text, around, history]).editions("a_back")
    assert (["mark"], {"PA"}) == ([item.name for item in with_past.prefix], set(with_past.history))
    for kind in ("b", "b_back", "a_forth"):
        with raises(KeyError):
            shelf.editions(kind)
    with raises(KeyError):
        Shelf.of([text]).editions("a_back")
    with raises(ValueError, match="another"):
        Shelf.of([text.replace('kind = "a"', 'kind = "b"')]).editions("a")


def test_every_sample_fits_its_layout(samples: Path) -> None:
    """No line has more items than the layout, but where the list of the folder says so (records:15)."""
    for path in sorted((samples / "uke").glob("*_*")):
        data = path.read_bytes()
        head = sniff(data, file_name=path.name)
        kind = next(kind for kind in KINDS if path.name.startswith(kind))
        layout = head.layout if head else layout_for(kind, None)
        assert layout is not None
        assert kind == layout.kind, path.name
        longer = set()
        for record in decode(data).records:
            items = layout.behind_prefix(record.items)
            if items[0]:
                known = layout.in_history(items[0].decode("ascii"))
                assert known is not None, (path.name, items[0])
                if len(items) > len(known.items):
                    longer.add(known.id)
        assert SURPLUS.get(path.name, set()) == longer, path.name


def test_an_item_is_what_the_sample_shows(samples: Path) -> None:
    """The kana of the pharmacy stand at 42; the teeth of a dental disease are codes of six digits."""
    fragment = decode((samples / "uke" / "pharmacy_ssk_code_information_fragment.csv").read_bytes())
    pharmacy, dental = NOW["pharmacy"], NOW["dental"]
    lines = [pharmacy.behind_prefix(record.items) for record in fragment.records if record.items[0]]
    head = next(items for items in lines if items[0] == b"RE")
    teeth: Item = dental.records["HS"].by_name["teeth"]

    assert "サンプル".encode("cp932") in head[pharmacy.records["RE"].by_name["patient_name_kana"].no - 1]
    assert (Kind.CODES, 6, "master:tooth") == (teeth.kind, teeth.code_width, teeth.codes)
