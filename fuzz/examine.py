"""Throw bytes at the checker: no crash, one summary, and both engines say the same of any bytes however they come.

    pip install -r requirements/core.txt && pip install --no-deps --no-build-isolation -e . && pip install atheris
    python fuzz/examine.py -max_total_time=600 CORPUS_FOLDER

There is a small table of every kind of master, so that rules with masters speak too. The compiled pass is machine code
and not instrumented: the corpus is grown by what the reference looks at. A file that makes the two differ is a finding
as much as one that makes either fail.
"""

import sys
from collections.abc import Iterable

import atheris

with atheris.instrument_imports(include=["seikyu.records", "seikyu.rules"]):
    from seikyu.rules import Summary, examine
    from seikyu.rules.testing_masters import example_masters

_KEY = b"fuzz"


def told(chunks: Iterable[bytes], engine: str) -> tuple[list[object], bytes, dict[str, object]]:
    """Return all findings, the index and the summary that an engine gives."""
    findings: list[object] = []
    index = b""
    summaries = []
    for block in examine(chunks, identity_key=_KEY, engine=engine, masters=example_masters()):
        if isinstance(block, Summary):
            summaries.append(block.to_json())
        elif hasattr(block, "packed"):
            index += block.packed
        else:
            findings += list(block)
    (summary,) = summaries
    summary.pop("engine", None)
    return findings, index, summary


def one_input(data: bytes) -> None:
    """Examine `data` by both engines, whole and in two pieces."""
    cut = data[0] if data else 0
    reference = told([data], "reference")
    if reference != told([data], "kernel"):
        raise AssertionError("the engines differ")
    if reference != told([data[:cut], data[cut:]], "kernel"):
        raise AssertionError("the verdict depends on how the bytes came")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
