"""The people of the demo: for each party somebody who logs in with a browser, and what their browser takes in.

One made-up password holds for all of them, and for the files with certificate and key (PKCS#12) that a browser imports.
It stands in the demo's folder, which is for trying only; a real office posts a code for each party instead.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from seikyu.adapters.authority import packed
from seikyu.adapters.home import Home
from seikyu.apps.demo_office import Someone, client_of
from seikyu.ports.people import User
from seikyu.trust.passwords import initial_password

#: The file of a client folder that a browser imports.
PACKED: Final = "browser.p12"

#: Where a demo keeps how its people log in.
LOGINS: Final = "logins.json"

#: User ids by the kind of party; the second one of the operator decides what needs a second person.
_USERS: Final = {
    "institution": (("clerk", "administrator"),),
    "payer": (("clerk", "administrator"),),
    "operator": (("operator", "operator"), ("approver", "approver")),
}


def add_people(root: Path, parties: Iterable[Someone], bodies: Iterable[str]) -> None:
    """Enter somebody for each party and body, with what a browser imports, and keep how they log in."""
    from seikyu.apps.people import people_of
    from seikyu.apps.wiring import find_home, office_at

    home, everyone = find_home(root), list(parties)
    with office_at(home) as office:
        people = people_of(home, office.store)
        password = initial_password(people.vault.chance(people.rules.initial_chars))
        kept, now = people.vault.hashed(password), people.clock.now()
        with office.store.write() as tx:
            for one in everyone:
                for body in bodies:
                    for name, role in _USERS[one.kind]:
                        tx.put_user(
                            User(people.ids.new(), body, f"{name}-{one.id}", one.id, role, kept, False, now, now)
                        )
    for one in everyone:
        _pack(home, one, password)
    logins = {one.id: _login(root, one, password) for one in everyone}
    target = root / LOGINS
    target.touch(0o600)
    target.write_text(json.dumps(logins, indent=1) + "\n", "utf-8")


def _login(root: Path, one: Someone, password: str) -> dict[str, str]:
    return {
        "user": user_of(one.id, one.kind),
        "password": password,
        "browser": str(client_of(root, one.id).path / PACKED),
    }


def logins_of(root: Path) -> dict[str, dict[str, str]]:
    """Return how the people of a demo log in, by party: user id, password, and the file that a browser imports."""
    told: dict[str, dict[str, str]] = json.loads((root / LOGINS).read_text("utf-8"))
    return told


def user_of(party: str, kind: str) -> str:
    """Return the user id of the first of a party's people."""
    return f"{_USERS[kind][0][0]}-{party}"


def _pack(home: Home, one: Someone, password: str) -> None:
    """Write certificate and key of a party as a file that browsers import."""
    folder = client_of(home.root, one.id)
    own, *above = x509.load_pem_x509_certificates(folder.certificate.read_bytes())
    chain = [each.public_bytes(Encoding.DER) for each in above]
    key = load_pem_private_key(folder.key.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the demo's keys are of the curve")
    content = packed(key, own.public_bytes(Encoding.DER), chain, name=one.name, password=password)
    target = folder.path / PACKED
    target.touch(0o600)
    target.write_bytes(content)
