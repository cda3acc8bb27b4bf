"""The doctor from its options to its exit status; as a program of its own it needs `python3` and nothing else.

Exit statuses: 0 connects, 1 connects but there is something to see to, 2 does not connect, 3 not known or could
not run.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from seikyu.apps.doctor import memory, tools
from seikyu.apps.doctor.given import Given, given
from seikyu.apps.doctor.masking import masked, secrets_of
from seikyu.apps.doctor.options import Options, WrongUsage, read_options
from seikyu.apps.doctor.probes import every_probe
from seikyu.apps.doctor.probing import Blind, Look, Probe, look
from seikyu.apps.doctor.told import STATUSES, Seen, account, text_of
from seikyu.apps.doctor.words import LANGUAGES, language, say
from seikyu.apps.doctor.writing import require_place, write_whole
from seikyu.lines.diagnosis import Effect, diagnose, faults

COULD_NOT_RUN: Final = 3
_INTERRUPTED: Final = 130

#: As a shell counts a program that a closed pipe has ended; the same as `seikyu` itself.
_NOBODY_LISTENS: Final = 141

_WIDE_SPACE: Final = "\N{IDEOGRAPHIC SPACE}"


def main() -> None:
    """Run alone and end the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if "--json" in sys.argv else None, errors="backslashreplace")
    beside = Path(sys.argv[0]).absolute().parent
    try:
        status = run_line(sys.argv[1:], program=Path(sys.argv[0]).name, beside=beside)
        print(end="", flush=True)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except BrokenPipeError:
        status = _NOBODY_LISTENS
    with suppress(OSError):
        print(end="", file=sys.stderr, flush=True)
    # A probe that was late may still wait for the line in its thread; nobody waits for it.
    os._exit(status)


def run_line(argv: Sequence[str], *, program: str, beside: Path | None = None) -> int:
    """Run with the arguments of a command line and return the exit status; all there is to say is said."""
    try:
        return run(read_options(argv, program=program), program=program, beside=beside)
    except SystemExit:  # after --help
        return 0
    except WrongUsage as wrong:
        return tell_wrong(wrong, program, as_json="--json" in argv)


def run(
    options: Options,
    *,
    program: str,
    beside: Path | None = None,
    probes: Iterable[Probe] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Look, judge, tell, and return the exit status."""
    try:
        return _run(options, beside=beside, probes=every_probe() if probes is None else tuple(probes), now=now)
    except WrongUsage as wrong:
        return tell_wrong(wrong, program, as_json=options.json, lang=options.lang)


def _run(options: Options, *, beside: Path | None, probes: tuple[Probe, ...], now: Callable[[], datetime]) -> int:
    if options.symptoms:
        return _list_symptoms(options)
    _known_symptoms(options)
    known = given(options, beside=beside, platform=sys.platform, now=now)
    if options.report:
        require_place(options.report, lambda head: any(_machine(lang).encode() in head for lang in LANGUAGES))
    seen = see(known, probes)
    seen = replace(seen, blind=(*seen.blind, *_remember(seen)))
    told = masked(account(seen, options.lang), secrets_of(_secret_files(seen.look)))
    _tell(told, options)
    if options.report:
        # Last, so that what was found is told whatever becomes of the file.
        _write_report(options.report, told, options)
    return STATUSES[seen.diagnosis.verdict]


def see(known: Given, probes: Sequence[Probe]) -> Seen:
    """Run the probes and judge what they found."""
    looked = look(probes, known.look)
    tools.stop_all()
    blind = known.blind + looked.blind
    if not any(not each.on or known.look.system in each.on for each in probes):
        blind = (*blind, Blind("", "no_probe", known.look.system))
    at = known.look.now()
    return Seen(known.look, looked.facts, blind, diagnose(looked.facts), at, looked.took_s)


def _remember(seen: Seen) -> tuple[Blind, ...]:
    """Keep in the client's folder what worked and what was warned of; that it cannot be kept stops nothing."""
    folder = seen.look.folder
    if folder is None:
        return ()
    prefix = seen.facts.get("ipv6.prefix", "")
    kept = memory.next_memory(
        memory.recall(folder),
        at=seen.at.astimezone(UTC).isoformat(timespec="seconds"),
        works=seen.facts.get("portal.answers") is True,
        prefix=str(prefix),
        found=tuple(each.fault.id for each in seen.diagnosis.found if each.fault.effect is Effect.WARNS),
        undecided=tuple(seen.diagnosis.undecided),
    )
    try:
        memory.keep(folder, kept)
    except OSError:
        return (Blind("", "not_kept", memory.FILE_NAME),)
    return ()


def _secret_files(given_: Look) -> list[Path]:
    files = [given_.pppoe_user_file] if given_.pppoe_user_file else []
    if given_.folder:
        # Not deeper: below lie deliveries, and there may be thousands of them.
        places = [f"{below}{name}" for below in ("", "*/") for name in ("key*.pem", "*password*")]
        files += [each for place in places for each in given_.folder.glob(place) if each.is_file()]
    return files


def _write_report(path: Path, told: dict[str, Any], options: Options) -> None:
    """Write text for people and below it JSON for programs, and say so. Errors: WrongUsage."""
    text = (
        f"{text_of(told, options.lang)}\n{_machine(options.lang)}\n{json.dumps(told, ensure_ascii=False, indent=1)}\n"
    )
    write_whole(path, text.encode())
    if not options.json:
        print("\n" + one_line(say("told.report", options.lang, file=str(path))))


def _machine(lang: str) -> str:
    """Return the line below which a report is for programs."""
    return say("told.machine", lang)


def _tell(told: dict[str, Any], options: Options) -> None:
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print("\n".join(one_line(line) for line in text_of(told, options.lang).splitlines()))


def _list_symptoms(options: Options) -> int:
    rows = {each.said: each.symptom for each in faults().values() if each.said}
    if options.json:
        print(json.dumps({key: {"ja": text.ja, "en": text.en} for key, text in rows.items()}, ensure_ascii=False))
        return 0
    for key, text in rows.items():
        print(f"{key:<32} {text.ja if options.lang == 'ja' else text.en}")
    return 0


def _known_symptoms(options: Options) -> None:
    known = {each.said for each in faults().values() if each.said}
    for each in options.symptom:
        if each not in known:
            raise WrongUsage("symptom", what=each)


def one_line(text: str) -> str:
    """Return a text as one line that plays no tricks with a terminal."""
    return "".join(char if char.isprintable() or char == _WIDE_SPACE else "?" for char in text)


def tell_wrong(wrong: WrongUsage, program: str, *, as_json: bool, lang: str = "") -> int:
    """Say what is wrong with how the doctor was called, and return its status."""
    lang = lang or language()
    text = say(f"error.{wrong.key}", lang, program=program, **wrong.facts)
    hint = say(f"error.{wrong.key}_hint", lang, program=program)
    print(one_line(f"seikyu: {say('error.word', lang)}: {text}"), file=sys.stderr)
    print(one_line(f"seikyu: {say('error.hint', lang)}: {hint}"), file=sys.stderr)
    if as_json:
        told = {"code": "usage", "detail": text, "hint": hint, "exit_status": COULD_NOT_RUN, "retry": False}
        print(json.dumps({"error": told}, ensure_ascii=False))
    return COULD_NOT_RUN


if __name__ == "__main__":
    main()
