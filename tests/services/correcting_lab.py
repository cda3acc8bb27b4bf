"""What tests of corrections say in short: a file with claims that came back, and a claim put right."""

from builders import SOCIETY, claim, uke
from seikyu.office.correcting import Mark
from seikyu.ports.store import Sending
from seikyu.services import correcting, finishing
from seikyu.services.correcting import ShownCorrection, Typed
from seikyu.services.finishing import Finished
from services.office_lab import Lab, institution

#: A claim in order; one whose HO says other points than its lines: it asks; one without a day of birth: it is refused.
RIGHT, ASKS, REFUSED = 0, 1, 2


def spoilt() -> list[list[str]]:
    """Return three claims: right, asking (a wrong total), refused (no day of birth)."""
    asks, refused = claim(2, insurer=SOCIETY, name="見本　花子"), claim(3, insurer=SOCIETY, name="見本　次郎")
    asks[1] = asks[1].replace(",291", ",292")
    refused[0] = refused[0].replace(",19800101", ",")
    return [claim(1, insurer=SOCIETY), asks, refused]


def data() -> bytes:
    """Return the file of those claims; its end says the points that its payers' records say."""
    return uke(*spoilt())


def put(lab: Lab, sending: Sending, index: int, items: dict[tuple[int, int], str], **more: object) -> ShownCorrection:
    """Correct a claim and mark it so."""
    given = {"version": 0, "mark": Mark.CORRECTED, **more}
    return correcting.put_correction(
        lab.office,
        institution(sending.party),
        sending.id,
        file_no=1,
        claim_index=index,
        wanted=Typed(items=items, **given),  # type: ignore[arg-type]
        by="9911000015/hanako",
    )


def correct_both(lab: Lab, sending: Sending) -> None:
    """Put both claims right."""
    put(lab, sending, ASKS, {(1, 6): "291"})
    put(lab, sending, REFUSED, {(0, 7): "19800101"})


def finish(lab: Lab, sending: Sending, key: str | None = None) -> Finished:
    """Finish the correction of a sending and have the new one checked."""
    done = finishing.finish_corrections(lab.office, institution(sending.party), sending.id, idempotency_key=key)
    lab.work()
    return done


__all__ = ["ASKS", "REFUSED", "RIGHT", "correct_both", "data", "finish", "put", "spoilt"]
