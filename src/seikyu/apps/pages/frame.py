"""The frame of every page: templates, language, and headers that let nothing foreign in.

Templates are `templates/**/*.html`. Whatever goes in as a value comes out escaped; no template marks anything as safe
but pictures that this program has drawn itself. Styles and scripts are our own files (`static/`), served under a name
that changes with their content; the sheets of `static/css` are served as one, in the order of their names. Nothing is
inline, so that the policy of the page can say so. `static/vendor` holds the one library that is not ours.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from seikyu.apps.words import Language, accepted_language, say
from seikyu.trust.people import roles

_JAPAN: Final = ZoneInfo("Asia/Tokyo")

#: Remembers a language that was chosen on a page. It says nothing of anybody.
LANGUAGE_COOKIE: Final = "__Host-seikyu-lang"

#: What every page says. A form goes to us alone; our pages stand in no other's frame; nothing is kept by a browser.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Not `no-referrer`: browsers then send `Origin: null` with forms, and a form of ours could not be told.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)

_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

_THOUSAND: Final = 1000

#: The name holds the digest, so the file under it never changes.
_KEPT: Final = "public, max-age=31536000, immutable"


def page_language(request: Request) -> Language:
    """Return the language of a page: asked for by `?lang=`, chosen before, preferred by the browser; else Japanese."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in {"ja", "en"}:
            return "ja" if wish == "ja" else "en"
    return accepted_language(request.headers.get("accept-language"), otherwise="ja")


def render(template: str, lang: Language, /, **facts: Any) -> str:
    """Return a page. A fact that a template needs and does not get is a bug, and raises."""
    basis = {
        "lang": lang,
        "say": partial(_say, lang),
        "role_name": partial(_role, lang),
        "face": "",
        "path": "",
        "other_path": "/",
        "ways": (),
        "way_here": None,
        "actor": None,
        "on_test_line": False,
        "token": _no_token,
    }
    return _templates().get_template(template).render(basis | facts)


def frame_response(
    template: str, lang: Language, status: int = 200, headers: Mapping[str, str] | None = None, /, **facts: Any
) -> Response:
    """Return a page as an answer."""
    told = {**HEADERS, "Content-Language": lang, "Vary": "Accept-Language, Accept, Cookie", **(headers or {})}
    return Response(render(template, lang, **facts), status, told, "text/html; charset=utf-8")


def plain_page(title_first: Mapping[Language, tuple[str, ...]]) -> str:
    """Return a page that says the same in each language: title first, then sentences."""
    sections = [{"lang": lang, "texts": texts} for lang, texts in title_first.items()]
    return render("said.html", next(iter(title_first)), sections=sections)


def static_routes() -> list[Route]:
    """Return the way to our own styles and scripts."""
    return [Route("/static/{name}", _static)]


def static_path(name: str) -> str:
    """Return the address of one of our own files, by its plain name."""
    return f"/static/{_named()[name]}"


def at_time(instant: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return an instant as pages show it, in Japan's time."""
    return instant.astimezone(_JAPAN).strftime(form)


def for_machines(instant: datetime | str) -> str:
    """Return an instant as HTML wants it for machines: to the second.

    >>> for_machines("2026-11-05T09:02:24.156678+09:00")
    '2026-11-05T09:02:24+09:00'
    """
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.isoformat(timespec="seconds")


def number(value: int | str | None) -> str:
    """Return a number as pages show it, with its thousands set apart; a dash for none.

    >>> number(1234567), number(None), number("12")
    ('1,234,567', '–', '12')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else value


def size(count: int) -> str:
    """Return a number of bytes as pages show it.

    >>> size(999), size(1_500_000)
    ('999 B', '1.5 MB')
    """
    rounded = float(count)
    for unit in ("B", "kB", "MB"):
        if rounded < _THOUSAND:
            return f"{rounded:.0f} {unit}" if unit != "MB" else f"{rounded:.1f} {unit}"
        rounded /= _THOUSAND
    return f"{rounded:.2f} GB"


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("seikyu.apps.pages"), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals["static"] = static_path
    made.filters["time"] = at_time
    made.filters["machine"] = for_machines
    made.filters["number"] = number
    made.filters["bytes"] = size
    made.filters["stamp"] = lambda text: at_time(datetime.fromisoformat(text))
    return made


def _say(lang: Language, key: str, **facts: Any) -> str:
    return say(key, lang, **facts)


def _role(lang: Language, name: str) -> str:
    role = roles()[name]
    return role.ja if lang == "ja" else role.en


def _no_token() -> str:
    """Stand for a token where nobody is there to type: a form on such a page is a bug."""
    raise LookupError("this page has no forms")


async def _static(request: Request) -> Response:
    found = _static_files().get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("not found", 404)
    headers = {"Cache-Control": _KEPT, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    if found.media_type == _TYPES[".js"]:
        # A worker goes by the policy of its own script: it may do what a page may, and nothing foreign.
        headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


@dataclass(frozen=True, slots=True)
class _Static:
    """One of our own files. Shape: `packed` is its content in gzip; nothing of it is secret, so it may be packed."""

    content: bytes
    packed: bytes
    media_type: str


@cache
def _static_files() -> Mapping[str, _Static]:
    """Return every file, by the name that it is served under."""
    found: dict[str, _Static] = {}
    for name, content in _contents():
        stem, _, kind = name.rpartition(".")
        static = _Static(content, gzip.compress(content, mtime=0), _TYPES[f".{kind}"])
        found[f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"] = static
    return found


def _contents() -> Iterator[tuple[str, bytes]]:
    """Yield plain name and content of every file; all sheets are one."""
    folder = files("seikyu.apps.pages") / "static"
    for place in (folder, folder / "vendor"):
        yield from (
            (file.name, file.read_bytes())
            for file in place.iterdir()
            if file.is_file() and file.name.endswith(tuple(_TYPES))
        )
    sheets = sorted((folder / "css").iterdir(), key=lambda sheet: sheet.name)
    yield "seikyu.css", b"".join(sheet.read_bytes() for sheet in sheets)


@cache
def _named() -> Mapping[str, str]:
    """Return the served name of each file by its plain one."""
    return {f"{name.split('.')[0]}.{name.rsplit('.', 1)[1]}": name for name in _static_files()}
