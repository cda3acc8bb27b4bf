"""The official lists of sendings: which there are, that they are those of `seikyu check`, one by one and at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

import builders
from seikyu.apps.check_lists import Wish, write_lists
from seikyu.apps.checked import Checked
from seikyu.apps.generator import FORMS, Recipe, place_of, write
from seikyu.office.sending import ReviewBodyUndid, State, step
from seikyu.ports.errors import BadRequest, Busy, Damaged, Forbidden, NotFound
from seikyu.ports.register import Party
from seikyu.ports.store import Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.index import Outcome, Reason
from seikyu.rules.reports.choice import Choice
from seikyu.rules.reports.reading import read_list
from seikyu.services import decide, list_archive, lists, upload
from seikyu.services.delivery_list import list_of_deliveries
from seikyu.services.indexes import rows_of, write_rows
from seikyu.services.list_archive import archive_of_month, archive_of_sending
from seikyu.services.lists import ListNotThere, lists_of, make_list
from seikyu.services.receive import Terms
from seikyu.services.reckoning import month_sums, reckon
from services.office_lab import (
    MIDNIGHT,
    MONTH,
    OPEN,
    OPERATOR,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    institution,
    make_lab,
    payer,
    whole,
    with_limits,
)

ASKS = [text.replace("06990014", "06990015") for text in builders.claim(1)]
REFUSED = [text.replace(",見本,2,", ",見本,,") for text in builders.claim(2)]
JOINT = builders.claim(3, publics=[builders.CITY])
STAY = builders.claim(4, claim_type="1111", services=[builders.service(291, service_class="90", code="190000010")])
FILE = builders.uke(ASKS, REFUSED, JOINT, STAY)
ME = institution()
NAMES = {
    "medical": "RECEIPTC.UKE", "dpc": "RECEIPTD.UKE", "dental": "RECEIPTS.UKE", "pharmacy": "RECEIPTY.CYO",
    "home_nursing": "RECEIPTH.UKE",
}  # fmt: skip


def made_of(lab: Lab, sending: Sending, who: ClientIdentity = ME) -> dict[str, bytes]:
    """Return every list that a sending has, by its name."""
    there = [each for each in lists_of(lab.office, who, sending.id)[1] if each.reason is None]
    made = [make_list(lab.office, who, sending.id, each.form, each.in_out) for each in there]
    assert [each.name for each in there] == [each.name for each in made]
    return {each.name: b"".join(each.lines) for each in made}


def written_at_home(folder: Path, data: bytes, sending: Sending, *, names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the same lists as `seikyu check` writes them from the file."""
    folder.mkdir(parents=True)
    errors = {"with": "with", "automatic": "automatic"}.get(sending.decision or "with", "without")
    source = BytesIO(data)
    with Checked(folder / NAMES[sending.kind or "medical"], Choice()) as checked:
        checked.examine(source, kind=None, asp=sending.asp, show_personal=False, rows=True)
        wish = Wish(
            names=names, folder=folder, sent_on=date(2026, 9, 6), send_no=sending.send_no, confirmed=errors,
            asp=sending.asp, show_personal=True,
        )  # fmt: skip
        return {path.name: path.read_bytes() for path in write_lists(checked, source, wish)}


@pytest.mark.parametrize("errors", ["with", "without"])
def test_what_the_office_hands_out_is_what_the_check_at_home_writes(lab: Lab, tmp_path: Path, errors: str) -> None:
    """Byte for byte, with the names of people."""
    sending = lab.confirm(lab.send_and_check(FILE), errors)

    expected = written_at_home(tmp_path / "home", FILE, sending, names=("hasp", "pjry", "hjry", "fixf"))

    assert expected == made_of(lab, sending)
    assert "見本　太郎" in expected["RIhasp1991011234250001.csv"].decode("cp932")


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_kind_of_file_has_its_lists(kind: str, tmp_path: Path) -> None:
    """Of a made-up file with errors of each kind, the lists are those of the check at home."""
    lab, place, out = make_lab(calendar="sandbox"), place_of(kind), BytesIO()
    write(Recipe(place, "1", 202609, claims=25, kind=kind, damage={"half_width_kana": 0.03}), out)
    with lab.office.store.write() as tx:
        tx.put_party(Party(place.id, "institution", place.name, OPEN.replace(year=2025)))
    who = institution(place.id)
    sending = lab.send_and_check(out.getvalue(), party=place.id, file_name=NAMES[kind])
    sending = decide.confirm(lab.office, who, sending.id, "without")

    expected = written_at_home(tmp_path / "home", out.getvalue(), sending, names=("hasp", "pjry", "hjry", "fixf"))

    assert expected == made_of(lab, sending, who)
    systems = {"medical": "RI", "dpc": "RD", "dental": "RS", "pharmacy": "RY", "home_nursing": "RH"}
    assert {systems[kind]} == {name[:2] for name in expected}


def test_before_anything_is_claimed_there_is_no_receipt(lab: Lab) -> None:
    """The lists that are not there say why."""
    sending = lab.send(FILE).sending

    def reasons() -> dict[str, str | None]:
        return {each.form: each.reason for each in lists_of(lab.office, ME, sending.id)[1]}

    assert {"hasp": "checking", "pjry": "checking", "hjry": "not_confirmed", "fixf": "not_confirmed"} == reasons()
    lab.work()
    assert {"hasp": None, "pjry": None, "hjry": "not_confirmed", "fixf": "not_confirmed"} == reasons()
    with pytest.raises(ListNotThere) as caught:
        make_list(lab.office, ME, sending.id, "hjry")
    assert "not_confirmed" == caught.value.facts["why"]

    decide.cancel(lab.office, ME, sending.id)
    assert {"hasp": None, "pjry": None, "hjry": "cancelled", "fixf": "cancelled"} == reasons()


def test_a_file_that_is_refused_has_its_results_and_no_receipt(lab: Lab) -> None:
    """The clerk must see why."""
    sending = lab.send_and_check(builders.uke(builders.claim(2), builders.claim(1)))

    assert "refused" == sending.state
    assert ["RIhasp1991011234250001.csv", "RIpjry19910112342502001.csv"] == list(made_of(lab, sending))


def test_the_test_line_says_so_everywhere(lab: Lab) -> None:
    """In the title or the name of each list; its list of results is one of its own."""
    sending = lab.confirm(lab.send_and_check(FILE, line="test"), "with")
    made = made_of(lab, sending)

    assert "RIkasp1991011234250001.csv" in made
    assert all("TEST" in name for name in made if "kasp" not in name)
    titles = {name[2:6]: data.decode("cp932").partition("\r\n")[0] for name, data in made.items()}
    assert "オンライン確認試験結果リスト" == titles["kasp"]
    assert "オンライン受領書（確認試験）" == titles["hjry"]
    assert "送信データ集計表（確認試験）" == titles["pjry"]
    with pytest.raises(NotFound):
        make_list(lab.office, ME, sending.id, "hasp")


def test_a_sending_without_asp_has_the_short_lists(lab: Lab) -> None:
    """受付処理結果リスト, and tallies with the total alone."""
    sending = lab.confirm(lab.send_and_check(FILE, asp=False), "without")
    made = made_of(lab, sending)

    assert {"uasp", "pjry", "hjry", "fixf"} == {name[2:6] for name in made}
    receipt = read_list(made["RIhjry19910112342502001.csv"])
    assert ["合計", "受付不能"] == [row["claim_type"] for row in receipt.rows]
    assert 3 == receipt.rows[0]["claims"]


def test_what_the_calendar_confirms_says_so(lab: Lab) -> None:
    """オンライン受領書（自動確定）, like エラー分除く; also after the month is closed."""
    sending = lab.send_and_check(FILE)
    lab.clock.at = MIDNIGHT
    decide.decide_overdue(lab.office)
    made = made_of(lab, lab.sending(sending.id))

    receipt = made["RIhjry19910112342502001.csv"].decode("cp932").splitlines()
    assert "オンライン受領書（自動確定）" == receipt[0]
    assert "合計,1,1,291,0" in receipt

    lab.close(force=True)
    assert "handed_over" == lab.sending(sending.id).state
    assert made == made_of(lab, lab.sending(sending.id))


def test_a_receipt_is_gone_when_the_confirmation_was_undone(memory_lab: Lab) -> None:
    """It would prove what is no longer so."""
    lab = memory_lab
    sending = lab.confirm(lab.send_and_check(FILE))
    with lab.office.store.write() as tx:
        tx.put_sending(replace(sending, state=step(State.CONFIRMED, ReviewBodyUndid()).value))

    assert {"hasp", "pjry"} == {name[2:6] for name in made_of(lab, sending)}


def test_what_comes_into_suspense_stays_in_the_receipt(memory_lab: Lab) -> None:
    """The receipt tells what was claimed, not what the office found out later."""
    lab = memory_lab
    sending = lab.confirm(lab.send_and_check(FILE))
    before = made_of(lab, sending)
    _rewrite(lab, sending, lambda row: row.decided(Outcome.SUSPENDED, Reason.UNKNOWN_PAYER))

    assert before.keys() == made_of(lab, sending).keys()
    assert before["RIhjry19910112342501001.csv"] == made_of(lab, sending)["RIhjry19910112342501001.csv"]


def test_a_claim_that_was_not_to_be_sent_counts_as_refused(memory_lab: Lab) -> None:
    """As the sending itself counts it."""
    lab = memory_lab
    sending = lab.send_and_check(FILE)
    _rewrite(lab, sending, lambda row: row.decided(Outcome.UNCLAIMED, Reason.NOT_A_CORRECTION))

    tally = read_list(made_of(lab, sending)["RIpjry19910112342502001.csv"])
    assert (0, 3) == (tally.rows[-2]["claims"], tally.rows[-1]["claims"])


def _rewrite(lab: Lab, sending: Sending, change: Callable[..., object]) -> None:
    """Put another index in the place of the one there is."""
    (file,) = lab.files(sending.id)
    rows = [change(row) if not row.refused else row for row in rows_of(lab.office.objects, file.index_object)]
    with lab.office.objects.writer("indexes/other", limit_bytes=10_000) as writer:
        write_rows(writer, rows)  # type: ignore[arg-type]  # what a row is changed into is a row
        writer.commit()
    with lab.office.store.write() as tx:
        tx.put_file(replace(file, index_object="indexes/other"))


def test_several_files_of_a_sending_are_one_list(memory_lab: Lab) -> None:
    """Their claims stand one behind the other, and are added up."""
    lab, office = memory_lab, memory_lab.office

    async def send() -> str:
        begun = await upload.begin(office, identity=ME, terms=Terms(), files=2)
        for no, data in enumerate((FILE, builders.uke(builders.claim(1))), start=1):
            await upload.put_file(office, identity=ME, upload_id=begun.id, no=no, body=whole(data))
        return (await upload.finish(office, identity=ME, upload_id=begun.id)).sending.id

    import asyncio

    sending = lab.sending(asyncio.run(send()))
    lab.work()
    sending = lab.confirm(lab.sending(sending.id))

    decisions = read_list(made_of(lab, sending)["RIfixf1991011234250001001.csv"])
    assert ["1", "2", "3", "4", "1"] == [str(row["claim_no"]) for row in decisions.rows]
    told = reckon(office, ME, sending.id)
    assert told
    assert (6, 6, 1, 5, 1, 0, 4) == (
        told.trailer, told.cases, told.more_payers, told.claims, told.refused, told.left_out, told.claimed,
    )  # fmt: skip


def test_foreign_lists_are_not_there(lab: Lab) -> None:
    """Another institution's id is nobody's, and payers have none."""
    sending = lab.confirm(lab.send_and_check(FILE))
    other = institution(OTHER_INSTITUTION)

    for call in (
        lambda who: lists_of(lab.office, who, sending.id),
        lambda who: make_list(lab.office, who, sending.id, "hjry", "outpatient"),
        lambda who: archive_of_sending(lab.office, who, sending.id),
        lambda who: reckon(lab.office, who, sending.id),
    ):
        with pytest.raises(NotFound):
            call(other)
        with pytest.raises(Forbidden):
            call(payer(PAYERS[0]))
    with pytest.raises(NotFound):
        archive_of_month(lab.office, other, list_archive.Wish(MONTH))


def test_the_operator_sees_nobody(memory_lab: Lab) -> None:
    """Lists are masked for the staff."""
    lab = memory_lab
    made = made_of(lab, lab.confirm(lab.send_and_check(FILE)), OPERATOR)

    text = b"".join(made.values()).decode("cp932")
    assert "見本　太郎" not in text
    assert "1980" not in text
    assert "昭和" not in text


def test_a_divided_form_wants_to_know_which(memory_lab: Lab) -> None:
    """Nobody gets half of what they asked for without knowing."""
    lab = memory_lab
    sending = lab.send_and_check(FILE)

    with pytest.raises(BadRequest):
        make_list(lab.office, ME, sending.id, "pjry")
    with pytest.raises(NotFound):
        make_list(lab.office, ME, sending.id, "pjry", "sideways")
    with pytest.raises(NotFound):
        make_list(lab.office, ME, sending.id, "zogn")


def test_lost_and_damaged_files_are_told(memory_lab: Lab) -> None:
    """Past its keeping, or not what was received: there is no list, and the reason is said."""
    lab = memory_lab
    sending = lab.send_and_check(FILE)
    (file,) = lab.files(sending.id)
    lab.damage(str(file.index_object), lab.read(str(file.index_object))[:-1])
    with pytest.raises(Damaged):
        b"".join(make_list(lab.office, ME, sending.id, "pjry", "outpatient").lines)

    lab.office.objects.remove(f"files/{file.id}")
    assert {"past_keeping", "not_confirmed"} == {each.reason for each in lists_of(lab.office, ME, sending.id)[1]}
    assert reckon(lab.office, ME, sending.id) is None

    other = lab.send(builders.uke(builders.claim(1, points=8))).sending
    lab.damage(f"files/{lab.files(other.id)[0].id}", b"?")
    lab.work()
    assert {"damaged", "refused"} == {each.reason for each in lists_of(lab.office, ME, other.id)[1]}


def test_a_decision_in_between_changes_nothing_but_the_list(memory_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that was replaced a moment ago is looked for anew."""
    lab = memory_lab
    sending = lab.send_and_check(FILE)
    old = lists.own_sending(lab.office, ME, sending.id)
    lab.confirm(sending)
    answers = iter([old])
    real = lists.own_sending
    monkeypatch.setattr(lists, "own_sending", lambda *asked: next(answers, None) or real(*asked))

    assert [None] * 4 == [
        each.reason for each in lists_of(lab.office, ME, sending.id)[1] if each.form in {"hasp", "pjry", "fixf"}
    ]


def test_lists_give_way_to_who_is_sending(memory_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a body arrives, the making of a list waits a little now and then."""
    lab, waits = memory_lab, list[float]()
    sending = lab.send_and_check(FILE)
    monkeypatch.setattr(lists.time, "sleep", waits.append)

    list(make_list(lab.office, ME, sending.id, "hasp").lines)
    assert not waits
    with lab.office.place_for(ME):
        list(make_list(lab.office, ME, sending.id, "hasp").lines)
    assert waits


def test_places_for_lists_are_few(memory_lab: Lab) -> None:
    """One party does not take them all."""
    lab = with_limits(memory_lab, lists_per_party=1)

    with lab.office.paper_place_for(ME), pytest.raises(Busy), lab.office.paper_place_for(ME):
        pass


# --- at once ---


def unpacked(blocks: object) -> dict[str, bytes]:
    """Return what stands in an archive."""
    with ZipFile(BytesIO(b"".join(blocks))) as archive:  # type: ignore[arg-type]  # blocks are bytes
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_of_a_sending_is_what_it_is_one_by_one(lab: Lab) -> None:
    """Under the same names."""
    sending = lab.confirm(lab.send_and_check(FILE))

    archive = archive_of_sending(lab.office, ME, sending.id)

    assert made_of(lab, sending) == unpacked(archive.blocks)
    assert archive.name == f"9910112342-{sending.id}.zip"


def test_everything_of_a_month_is_the_single_lists_one_behind_the_other(lab: Lab) -> None:
    """Each form under its bulk name, its sendings in their order; what is not there yet is left out."""
    first = lab.confirm(lab.send_and_check(FILE))
    second = lab.send_and_check(builders.uke(builders.claim(1)))
    test = lab.send_and_check(FILE, line="test")
    lab.send(builders.uke(builders.claim(1, points=8)))

    archive = archive_of_month(lab.office, ME, list_archive.Wish(MONTH))
    found = unpacked(archive.blocks)

    one, two, three = (made_of(lab, each) for each in (first, second, test))
    outpatient = one["RIpjry19910112342502001.csv"] + two["RIpjry19910112342502002.csv"]
    assert outpatient == found["RIpjry19910112342202609062100000.csv"]
    assert one["RIhjry19910112342501001.csv"] == found["RIhjry19910112342202609061100000.csv"]
    assert three["RIkasp1991011234250001.csv"] == found["RIkasp1991011234220260906100000.csv"]
    assert sum(map(len, found.values())) == sum(len(data) for made in (one, two, three) for data in made.values())
    assert "9910112342-202609-20260906100000.zip" == archive.name

    only = unpacked(archive_of_month(lab.office, ME, list_archive.Wish(MONTH, line="test", kind="medical")).blocks)
    assert sorted(three.values()) == sorted(only.values())


def test_an_archive_has_its_bounds(memory_lab: Lab) -> None:
    """Nothing, and too much, are both said."""
    lab = with_limits(memory_lab, archive_sendings=1)
    with pytest.raises(NotFound):
        archive_of_month(lab.office, ME, list_archive.Wish(MONTH))
    with pytest.raises(BadRequest):
        archive_of_month(lab.office, ME, list_archive.Wish(MONTH, line="sideways"))
    sending = lab.send(FILE).sending
    with pytest.raises(ListNotThere):
        archive_of_sending(lab.office, ME, sending.id)
    lab.work()
    lab.send(builders.uke(builders.claim(1, points=8)))
    with pytest.raises(BadRequest):
        archive_of_month(lab.office, ME, list_archive.Wish(MONTH))


def test_a_long_list_goes_out_in_pieces(memory_lab: Lab) -> None:
    """No piece is much longer than a block."""
    blocks = list(list_archive.in_blocks(bytes([no % 256]) * 1000 for no in range(500)))

    assert b"".join(bytes([no % 256]) * 1000 for no in range(500)) == b"".join(blocks)
    assert max(map(len, blocks)) < 70_000
    assert len(blocks) > 5
    del memory_lab


# --- numbers ---


def test_the_two_ways_of_counting_are_told(lab: Lab) -> None:
    """The trailer counts payers, the receipt claims; what lies between is said step by step."""
    sending = lab.send_and_check(FILE)
    before = reckon(lab.office, ME, sending.id)
    assert before
    assert (5, 5, 1, 4, 1, 0, 3) == (
        before.trailer, before.cases, before.more_payers, before.claims, before.refused, before.left_out,
        before.claimed,
    )  # fmt: skip

    lab.confirm(sending, "without")
    after = reckon(lab.office, ME, sending.id)
    assert after
    receipts = [read_list(data) for name, data in made_of(lab, sending).items() if name[2:6] == "hjry"]
    assert after.claimed == sum(int(str(each.rows[-2]["claims"])) for each in receipts)
    assert after.left_out == 3 - after.claimed


def test_a_trailer_that_cannot_be_read_is_said_to_be_so(memory_lab: Lab) -> None:
    """No number is made up."""
    lab = memory_lab
    assert reckon(lab.office, ME, lab.send(FILE).sending.id) is None
    sending = lab.send_and_check(FILE.replace(b"GO,5,", b"GO,five,"))

    told = reckon(lab.office, ME, sending.id)

    assert told
    assert told.trailer is None


def test_a_month_is_added_up_by_claim_type(memory_lab: Lab) -> None:
    """What receipts say, together; what is not confirmed is only counted, what is lost too."""
    lab = memory_lab
    lab.confirm(lab.send_and_check(FILE))
    lost = lab.confirm(lab.send_and_check(builders.uke(builders.claim(1))))
    lab.confirm(lab.send_and_check(builders.uke(builders.claim(1), builders.claim(2)), asp=False))
    lab.send_and_check(builders.uke(builders.claim(1, points=9)))
    lab.office.objects.remove(f"files/{lab.files(lost.id)[0].id}")

    sums = month_sums(lab.office, ME, list_archive.Wish(MONTH))

    assert (2, 1, 1) == (sums.sendings, sums.open_sendings, sums.lost)
    assert ["inpatient", "outpatient"] == [issue.in_out for issue, _ in sums.tables]
    rows = {row["claim_type"]: row["claims"] for row in sums.tables[1][1]}
    assert {"医保単独・本人": 3, "医保１公併・本人": 1, "合計": 4, "受付不能": 1} == rows
    with pytest.raises(BadRequest):
        month_sums(with_limits(lab, month_claims=2).office, ME, list_archive.Wish(MONTH))


def test_a_payer_has_a_list_of_its_deliveries(memory_lab: Lab) -> None:
    """Counts, points and sizes, with their sums; nobody else's."""
    lab = memory_lab
    lab.confirm(lab.send_and_check(FILE))
    lab.close(force=True)

    told = list_of_deliveries(lab.office, payer(PAYERS[0]), MONTH)

    assert [each.id for each in lab.deliveries(payer=PAYERS[0])]
    assert told.sums["claims"] == sum(row["claims"] for row in told.rows) > 0
    assert {lab.deliveries(payer=PAYERS[0])[0].sha256} <= {row["sha256"] for row in told.rows}
    assert () == list_of_deliveries(lab.office, payer(PAYERS[2]), MONTH).rows
    with pytest.raises(Forbidden):
        list_of_deliveries(lab.office, ME, MONTH)
