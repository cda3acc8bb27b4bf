"""The same office with a real nginx in front, made by `seikyu deploy nginx`: the same addresses, the same commands."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from real_house import SEIKYU, House


def nginx_program() -> str:
    """Return the program, or skip."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.skip("os: nginx is not installed here")
    return found


def set_key(home: Path, section: str, name: str, value: str) -> None:
    """Change a setting in the office's settings file, as an operator does."""
    path = home / "office.toml"
    lines = path.read_text("utf-8").splitlines()
    begin = lines.index(f"[{section}]") + 1
    at = next(no for no in range(begin, len(lines)) if lines[no].lstrip("# ").startswith(f"{name} ="))
    lines[at] = f"{name} = {value}"
    path.write_text("\n".join(lines) + "\n", "utf-8")


@dataclass
class Fronted(House):
    """A house whose server listens on sockets in the home, and whose nginx on its ports."""

    nginx: subprocess.Popen[bytes] | None = field(default=None)
    watch: subprocess.Popen[str] | None = field(default=None)

    @property
    def conf(self) -> Path:
        """What nginx was started with."""
        return self.home / "deploy" / "nginx.conf"

    def start(self, *words: str, kill_at: str | None = None) -> None:
        """Start the server, and nginx if it does not run."""
        set_key(self.home, "front", "server", '"nginx"')
        super().start(*words, kill_at=kill_at)
        if self.nginx is None:
            self.start_nginx()

    def start_nginx(self) -> None:
        """Make the configuration and start nginx with it; wait until it listens."""
        made = self.run("deploy", "nginx", "--out", str(self.conf.parent))
        assert made.returncode == 0, made.stderr
        said = (self.home.parent / "nginx.log").open("ab")
        command = [nginx_program(), "-c", str(self.conf), "-g", "daemon off;"]
        self.nginx = subprocess.Popen(command, stdout=said, stderr=said)
        said.close()
        self.wait_open(self.ports()["desk"])

    def start_watch(self) -> None:
        """Start what carries lists to nginx; wait until nginx has read them once."""
        self.watch = subprocess.Popen(
            [str(SEIKYU), "deploy", "nginx", "--watch", "--out", str(self.conf.parent), "--home", str(self.home)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "SEIKYU_LANG": "en"},
        )  # fmt: skip
        assert self.watch.stdout
        for line in self.watch.stdout:
            if "told nginx" in line:
                return
        raise AssertionError("the watch ended")

    def ports(self) -> dict[str, int]:
        """Return the ports of all listeners."""
        told: dict[str, int] = json.loads((self.home / "run" / "ports.json").read_text("ascii"))
        return told

    def wait_open(self, port: int) -> None:
        """Wait until something listens there."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            assert self.nginx is None or self.nginx.poll() is None, self.nginx_log()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("nginx does not listen")

    def nginx_log(self) -> str:
        """Return what nginx said on its standard error and in its logs."""
        paths = [self.home.parent / "nginx.log", *sorted((self.home / "logs").glob("nginx-*"))]
        return "".join(path.read_text("utf-8", "replace") for path in paths if path.exists())

    def visits(self) -> list[dict[str, Any]]:
        """Return the lines of nginx's access log."""
        path = self.home / "logs" / "nginx-access.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def reload(self) -> None:
        """Have nginx read its files anew; wait until a new worker is there."""
        assert self.nginx
        before = self.workers()
        self.nginx.send_signal(signal.SIGHUP)
        end = time.monotonic() + 20
        while not self.workers() - before:
            assert time.monotonic() < end, "no new worker"
            time.sleep(0.02)

    def workers(self) -> set[int]:
        """Return the processes of nginx's workers, old ones included."""
        assert self.nginx
        return {
            int(each) for each in Path(f"/proc/{self.nginx.pid}/task/{self.nginx.pid}/children").read_text().split()
        }

    def close(self) -> None:
        """End everything that runs."""
        for process in (self.watch, self.nginx):
            if process is not None:
                process.terminate()
                process.wait(20)
                if process.stdout:
                    process.stdout.close()
        self.watch = self.nginx = None
        super().close()
