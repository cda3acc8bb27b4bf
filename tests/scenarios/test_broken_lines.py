"""Q10: a line that breaks while an institution sends leaves nothing, and sending again is all there is to do."""

import base64
import hashlib
import json
import time

import pytest
from real_house import House


def leftovers(office: House) -> tuple[set[str], list[str]]:
    """Return every object and every sending there is."""
    return office.files(), [row["id"] for row in office.sendings()]


def eventually(office: House, wanted: tuple[set[str], list[str]]) -> None:
    """Wait a moment for the server to notice a break; then nothing may be left."""
    for _ in range(100):
        if leftovers(office) == wanted:
            return
        time.sleep(0.05)
    assert wanted == leftovers(office)


def until_it_arrives(office: House, *, more_than: set[str], files: int) -> None:
    """Wait until so many files have begun to arrive: a line that breaks before that has never reached the office."""
    import time

    for _ in range(200):
        arriving = {name for name in office.files() - more_than if "/.arriving/work-" not in name}
        if len(arriving) >= files:
            return
        time.sleep(0.05)
    raise AssertionError("the file does not arrive")


@pytest.mark.both_fronts
def test_a_body_cut_anywhere_leaves_nothing(office: House) -> None:
    """After every tenth of the body the line breaks hard; no object, no temporary, no row stays."""
    body = office.unsent(1)
    before = leftovers(office)

    for tenth in range(10):
        with office.wire() as wire:
            wire.head("POST", "/api/v1/sendings", length=len(body))
            wire.write(body[: len(body) * tenth // 10])
            wire.reset()

    eventually(office, before)
    assert office.ask("POST", "/api/v1/sendings", body).status == 201


@pytest.mark.both_fronts
def test_a_line_that_falls_silent_leaves_nothing_and_a_new_try_is_served_meanwhile(house: House) -> None:
    """While the old connection hangs the same sender sends again; the silent one is given up after the idle limit."""
    settings = house.home / "office.toml"
    settings.write_text(settings.read_text("utf-8") + "\n" if settings.exists() else "", "utf-8")
    set_limit(house, "idle_s", 2)
    house.start()
    body = house.unsent(2)
    before = leftovers(house)

    with house.wire() as hanging:
        hanging.head("POST", "/api/v1/sendings", length=len(body))
        hanging.write(body[: len(body) // 2])
        answer = house.ask("POST", "/api/v1/sendings", body)
        reply = hanging.read()

    assert answer.status == 201
    assert reply.status == 408
    assert "send" in json.dumps(reply.json)
    for _ in range(100):  # The answer is on the wire before the last piece has gone from the disk.
        files, rows = leftovers(house)
        if not any(".arriving/" in name for name in files):
            break
        time.sleep(0.1)
    assert [answer.json["id"], *before[1]] == rows
    assert not any(".arriving/" in name for name in files)


def set_limit(house: House, name: str, number: int) -> None:
    """Change a limit in the office's settings file, as an operator does."""
    path = house.home / "office.toml"
    lines = path.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.lstrip("# ").startswith(f"{name} =")]
    place = kept.index("[limits]") + 1
    path.write_text("\n".join([*kept[:place], f"{name} = {number}", *kept[place:]]) + "\n", "utf-8")


@pytest.mark.both_fronts
def test_a_wrong_digest_leaves_nothing(office: House) -> None:
    """The sender states what it sends; other bytes are turned away and nothing is kept."""
    body = office.unsent(3)
    before = leftovers(office)
    stated = base64.b64encode(hashlib.sha256(body).digest()).decode()

    reply = office.ask("POST", "/api/v1/sendings", body.replace(b"GO,", b"GX,"), Content_Digest=f"sha-256=:{stated}:")

    assert (422, "digest_mismatch") == (reply.status, reply.json["code"])
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert before == leftovers(office)


@pytest.mark.both_fronts
def test_a_body_over_the_limit_leaves_nothing(house: House) -> None:
    """Too long is said at once when the length is stated, and while it streams when it is not."""
    set_limit(house, "file_bytes", 10_000)
    house.start()
    before = leftovers(house)

    stated = house.ask("POST", "/api/v1/sendings", b"X" * 20_000)
    with house.wire() as wire:
        wire.head("POST", "/api/v1/sendings", Transfer_Encoding="chunked", Content_Type="application/octet-stream")
        for _ in range(20):
            wire.write(b"400\r\n" + b"X" * 1024 + b"\r\n")
        streamed = wire.read()

    assert (413, 413) == (stated.status, streamed.status)
    eventually(house, before)


@pytest.mark.both_fronts
@pytest.mark.parametrize("broken", [1, 2, 3])
def test_an_upload_of_three_files_is_all_or_none(office: House, broken: int) -> None:
    """A break in any of the three erases the whole upload; later calls get 404; sending again works."""
    bodies = [office.unsent(100 + number) for number in range(3)]
    before = leftovers(office)
    upload = office.ask("POST", "/api/v1/sendings?files=3", b"").json["upload"]
    base = f"/api/v1/sendings/uploads/{upload}"

    for number in range(1, broken):
        assert office.ask("PUT", f"{base}/files/{number}", bodies[number - 1]).status in (200, 201, 204)
    with office.wire() as wire:
        wire.head("PUT", f"{base}/files/{broken}", length=len(bodies[broken - 1]))
        wire.write(bodies[broken - 1][:500])
        until_it_arrives(office, more_than=before[0], files=broken)
        wire.reset()

    eventually(office, before)
    assert office.ask("POST", f"{base}/finish", b"").status == 404
    again = office.ask("POST", "/api/v1/sendings?files=3", b"").json["upload"]
    for number, body in enumerate(bodies, start=1):
        office.ask("PUT", f"/api/v1/sendings/uploads/{again}/files/{number}", body)
    assert office.ask("POST", f"/api/v1/sendings/uploads/{again}/finish", b"").status == 201


@pytest.mark.slow
def test_a_restart_erases_an_upload_in_progress(office: House) -> None:
    """An upload is no sending yet: after a restart it has never been."""
    before = leftovers(office)
    upload = office.ask("POST", "/api/v1/sendings?files=2", b"").json["upload"]
    office.ask("PUT", f"/api/v1/sendings/uploads/{upload}/files/1", office.unsent(7))

    office.kill()
    office.start()

    assert before == leftovers(office)
    assert office.ask("POST", f"/api/v1/sendings/uploads/{upload}/finish", b"").status == 404


@pytest.mark.both_fronts
def test_files_that_do_not_belong_together_are_not_taken(office: House) -> None:
    """Another claim month in one of the files: the last act is refused with 422 and nothing stays."""
    first, second = office.unsent(8), office.unsent(9)
    head, _, rest = second.partition(b"\r\n")
    items = head.split(b",")
    items[7] = b"202401"
    before = leftovers(office)
    upload = office.ask("POST", "/api/v1/sendings?files=2", b"").json["upload"]
    office.ask("PUT", f"/api/v1/sendings/uploads/{upload}/files/1", first)
    office.ask("PUT", f"/api/v1/sendings/uploads/{upload}/files/2", b",".join(items) + b"\r\n" + rest)

    reply = office.ask("POST", f"/api/v1/sendings/uploads/{upload}/finish", b"")

    assert (422, "mixed_files") == (reply.status, reply.json["code"])
    eventually(office, before)
