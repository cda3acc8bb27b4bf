"""`seikyu deploy nginx`: what the operator's front server needs."""

import os
import pwd
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.words import say
from seikyu.ports.errors import SeikyuError

if TYPE_CHECKING:
    from seikyu.adapters.home import Home

#: Where it is written if nothing else is said.
OUT: Final = Path("deploy/nginx")


class NoRootList(SeikyuError):
    """The root has no revocation list, and its key is not here to sign one; nothing was written."""

    code = "no_root_list"


class FrontConfMissing(SeikyuError):
    """The configuration that is to be watched is not there; nothing is watched."""

    code = "front_conf_missing"


class HomeOfAnother(SeikyuError):
    """The home belongs to another account, which could not read what was written for it; nothing was written."""

    code = "home_of_another"


def register(app: typer.Typer) -> None:
    """Add the command and its subcommand."""
    part = typer.Typer(help=say("deploy.help"), no_args_is_help=True, rich_markup_mode=None)
    part.callback()(_nothing)
    part.command("nginx", help=say("deploy.nginx"))(nginx)
    app.add_typer(part, name="deploy")


def _nothing() -> None:
    """Keep a Typer with one command a group."""


def nginx(
    *,
    out: Annotated[Path, typer.Option(help=say("deploy.out"))] = OUT,
    watch: Annotated[bool, typer.Option("--watch", help=say("deploy.watch"))] = False,
    home: Annotated[Path, typer.Option(envvar="SEIKYU_HOME", help=say("serve.home"))] = Path("seikyu-home"),
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """Write the configuration, or watch beside the server that uses it."""
    from seikyu.apps.front.nginx import deployment, make_folders
    from seikyu.apps.wiring import find_home

    _require_own(home)
    place, folder = find_home(home), out.absolute()
    if watch:
        _watch(place, folder / "nginx.conf")
        return
    made = deployment(place, folder)
    _ensure_files(place)
    make_folders(place)
    made.write()
    if as_json:
        import json

        print(json.dumps({"conf": str(made.conf_file), "pid_file": str(place.front / "nginx.pid")}))
        return
    for word in ("done", "start", "keep"):
        print(say(f"deploy.{word}", conf=made.conf_file, home=place.root, out=made.out))


def _require_own(home: Path) -> None:
    """Errors: HomeOfAnother. The office itself must be able to read and replace all that is written, root or not."""
    try:
        number = home.stat().st_uid
    except OSError:
        return  # That there is no office is said by whoever looks for it.
    if number != os.geteuid():
        try:
            owner = pwd.getpwuid(number).pw_name
        except KeyError:
            owner = str(number)
        raise HomeOfAnother(home=str(home.absolute()), owner=owner)


def _ensure_files(home: "Home") -> None:
    """Have everything there that the configuration names. Errors: NoRootList, and those of the authority."""
    from seikyu.adapters.sql import open_store
    from seikyu.adapters.x509_ca import NoRootKey, ensure_root_list, open_ca
    from seikyu.adapters.x509_list import list_revoked
    from seikyu.apps import pki

    now = datetime.now(UTC)
    pki.server_file(home, home.settings().hosts)
    try:
        ensure_root_list(home, now=now)
    except NoRootKey as reason:
        raise NoRootList from reason
    store = open_store(home.database)
    try:
        # Written anew in any case: the list on the disk may be from before the root had one.
        list_revoked(open_ca(home), store, now=now)
    finally:
        store.close()


def _watch(home: "Home", conf: Path) -> None:
    """Watch until a signal. Errors: FrontConfMissing, NginxNotThere."""
    from seikyu.apps.front.watch import Watch

    if not conf.is_file():
        raise FrontConfMissing(conf=str(conf))
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())

    def tell(word: str, **facts: Any) -> None:
        print(say(f"deploy.{word}", **facts), flush=True)

    watch = Watch(home, conf, tell)
    tell("watching", conf=conf)
    watch.run(stop.is_set)
