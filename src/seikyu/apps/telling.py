"""Where webhooks meet their adapters, and the thread that tells them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from seikyu.adapters.home import Home
from seikyu.adapters.settings import BadSettings
from seikyu.adapters.vault import Argon2Vault
from seikyu.adapters.webhook_post import PostsOverTls
from seikyu.apps.logs import report_bug
from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError
from seikyu.services.office import Office
from seikyu.services.webhooks import Telling, due, tell_one

#: How often it is looked whether somebody is to be told.
LOOK_S: Final = 1.0


def telling_of(home: Home) -> Telling:
    """Return what webhooks need at a home. Errors: BadSettings, if its roots cannot be read; Damaged."""
    said = home.settings().webhooks
    ca = home.root / said.ca if said.ca else None
    try:
        post = PostsOverTls(wait_s=limit("webhook_wait_s"), allowed=said.networks, ca=ca)
    except OSError:
        raise BadSettings("office.toml: webhooks.ca must be a file of certificates (PEM)", key="webhooks.ca") from None
    return Telling(Argon2Vault(home.secret("people_key")), post, said.networks)


class Teller:
    """Tells the webhooks of an office what they have not been told of, until it is stopped.

    It holds nothing that must last: how far each webhook is stands in its row. A webhook is told by one thread at a
    time; one that does not answer holds a thread for a few seconds and then waits for its next try.
    """

    def __init__(
        self, office: Office, telling: Telling, *, at_once: int = limit("webhooks_at_once"), look_s: float = LOOK_S
    ) -> None:
        self._office = office
        self._telling = telling
        self._at_once = at_once
        self._look_s = look_s
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._under_way: set[str] = set()
        self._thread = threading.Thread(target=self._go_on, name="seikyu-teller", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, *, wait_s: float) -> None:
        """Begin nothing more, and wait for what is under way; what is cut is told again later."""
        self._stopping.set()
        self._thread.join(wait_s)

    def _go_on(self) -> None:
        pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="seikyu-tell")
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._look(pool.submit)
            except SeikyuError:
                pass  # A busy database is looked at again.
            except Exception as error:  # noqa: BLE001  (the door of this thread: the next look tries again)
                report_bug(error)
            self._stopping.wait(max(0.0, self._look_s - (time.monotonic() - began)))
        pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, submit: Callable[[Callable[[str], None], str], object]) -> None:
        for webhook_id in due(self._office, limit=4 * self._at_once):
            with self._guard:
                if webhook_id in self._under_way or len(self._under_way) >= self._at_once:
                    continue
                self._under_way.add(webhook_id)
            submit(self._tell, webhook_id)

    def _tell(self, webhook_id: str) -> None:
        try:
            if not self._stopping.is_set():
                tell_one(self._office, self._telling, webhook_id)
        except SeikyuError:
            pass  # A busy database; the event is told again.
        except Exception as error:  # noqa: BLE001  (one webhook stops no other)
            report_bug(error)
        finally:
            with self._guard:
                self._under_way.discard(webhook_id)
