"""The public test files, where their folder is there. Nothing of them is kept here."""

from pathlib import Path

from seikyu.records import EncodingWatch, decode, encode, outside_jis, read_lines, sniff


def test_every_sample_comes_back_as_it_was(samples: Path) -> None:
    """Whatever its kind, edition and encoding, decoding loses no byte."""
    files = sorted(path for path in (samples / "uke").iterdir() if path.is_file())

    assert files
    for path in files:
        data = path.read_bytes()
        assert data == encode(decode(data)), path.name


def test_every_sample_is_recognised(samples: Path) -> None:
    """The medical ones are medical, in Japanese years, whatever else is wrong with them."""
    for path in sorted((samples / "uke").glob("medical_uke-parser_*")):
        head = sniff(path.read_bytes())
        assert head is not None, path.name
        assert head.kind == "medical", path.name
        assert head.layout is not None
        assert head.layout.name == "medical-era-2012", path.name


def test_samples_in_utf8_are_told_from_those_in_shift_jis(samples: Path) -> None:
    """By their bytes; the list of the folder says which is which."""
    manifest = (samples / "uke" / "MANIFEST.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in manifest if line.count("|") > 8]
    encodings = {row[1]: row[5] for row in rows if (samples / "uke" / row[1]).is_file()}

    assert {"UTF-8", "Shift_JIS"} == set(encodings.values())
    for name, encoding in encodings.items():
        watch = EncodingWatch()
        data = (samples / "uke" / name).read_bytes()
        watch.feed(data)
        assert watch.is_utf8 == (encoding == "UTF-8"), name
        outside = [line.no for line in read_lines([data]) if outside_jis(line.content) is not None]
        assert bool(outside) == (encoding == "UTF-8"), name
