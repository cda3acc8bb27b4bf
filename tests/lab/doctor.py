"""The doctor at a site of the lab: run as its user runs it, with the files of the site and of the claims network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from lab.office import SEIKYU, Desk


@dataclass(frozen=True)
class Told:
    """What the doctor told. Shape: `found` are rows of the table of faults, the most important first."""

    verdict: str
    found: tuple[str, ...]
    facts: Mapping[str, Any]
    calls: Mapping[str, str]
    status: int
    whole: Mapping[str, Any]


@dataclass(frozen=True)
class Examined:
    """A party's machine with what its site says of itself."""

    desk: Desk
    line: Mapping[str, Any]
    local: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, *words: object) -> Told:
        """Run the doctor."""
        folder = self.desk.host.folder
        network, site = folder / "network.toml", folder / "site.toml"
        network.write_text((files("seikyu.lines") / "example" / "network.toml").read_text("utf-8"), "utf-8")
        sections = {"line": self.line, "local": self.local}
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
            for name, section in sections.items()
        )
        site.write_text(text, "utf-8")
        command = (*SEIKYU, "doctor", "--network", network, "--site", site, "--home", self.desk.home, "--json", *words)
        done = self.desk.host.run(*command, check=False, limit_s=60, env={"SEIKYU_LANG": "en"})
        told = json.loads(done.stdout)
        rows = told["found"]
        return Told(
            verdict=told["verdict"],
            found=tuple(row["id"] for row in rows),
            facts=told["facts"],
            calls={row["id"]: row["call"]["name"] for row in rows if row["call"]},
            status=done.returncode,
            whole=told,
        )
