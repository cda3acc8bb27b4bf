"""Throw bytes at the reading of claim files: no crash, and every byte comes back.

pip install atheris
PYTHONPATH=src python fuzz/decode.py -max_total_time=600 CORPUS_FOLDER
"""

import sys

import atheris

with atheris.instrument_imports(include=["seikyu.records"]):
    from seikyu.records import EncodingWatch, decode, encode, layouts, outside_jis, read_lines, sniff

_LINE_BYTES = 64


def one_input(data: bytes) -> None:
    """Read `data` in every way that the room offers."""
    file = decode(data)
    if encode(file) != data:
        raise AssertionError("bytes were lost")
    for layout in layouts():
        for claim in file.claims(layout):
            if not claim:
                raise AssertionError("an empty claim")
    cut = data[0] if data else 0
    whole = list(read_lines([data], line_bytes=_LINE_BYTES))
    if whole != list(read_lines([data[:cut], data[cut:]], line_bytes=_LINE_BYTES)):
        raise AssertionError("lines depend on how the bytes came")
    sniff(data)
    watch = EncodingWatch()
    watch.feed(data[:cut])
    watch.feed(data[cut:])
    outside_jis(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
