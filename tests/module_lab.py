"""A security module for tests: SoftHSM2 with a token of its own in a folder of its own."""

import os
import subprocess
from pathlib import Path

import pytest

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
TOKEN = "office"
PIN = "24681357"


def uri(label: str) -> str:
    """Return the address of the object of that name."""
    return f"pkcs11:token={TOKEN};object={label.replace(' ', '%20')}?module-path={MODULE}"


def make_token(folder: Path) -> Path:
    """Make a token in `folder` and return the module's settings, which this process and its children use from now on.

    A process loads the module once, with the settings of that moment: one token for a whole run.
    """
    if not Path(MODULE).is_file():
        pytest.skip("os: softhsm2 is not installed here")
    (folder / "tokens").mkdir(parents=True)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    line = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "13572468"]
    subprocess.run(line, check=True, capture_output=True)
    return conf
