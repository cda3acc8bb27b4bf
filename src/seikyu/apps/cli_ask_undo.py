"""`seikyu ask-undo`: an institution asks the office to undo a confirmation."""

import json
from typing import Annotated

import typer

from seikyu.apps.cli_client import As, For, Home, Json, SendingId
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask-undo", help=say("undo.ask_help"))(ask_undo)


def ask_undo(
    sending: SendingId,
    *,
    reason: Annotated[str, typer.Option(help=say("undo.reason"))],
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Ask the office to undo a confirmation (請求確定の取消の依頼)."""
    from seikyu.apps import client
    from seikyu.apps.client import acts

    folder = client.open_client(client.home_of(home), as_id)
    with client.Line(folder, principal=acts_for) as line:
        told = acts.ask_undo(line, sending, reason)
    text = "\n".join([say("undo.asked", **told), say("undo.how")])
    print(json.dumps(told, ensure_ascii=False) if as_json else text)
    return Exit.DONE
