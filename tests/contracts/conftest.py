"""Every adapter of a port, so that one suite runs over all of them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_adapter import WAIT_S, AnyObjects, AnyStore, Works

from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.memory_jobs import MemoryJobs
from seikyu.adapters.memory_objects import MemoryObjects
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import open_store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    """Return an empty store."""
    store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "o.sqlite")
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite"])
def hasty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    """Return an empty store whose writers do not wait long."""
    path = tmp_path / "o.sqlite"
    store = MemoryStore(wait_s=WAIT_S) if request.param == "memory" else open_store(path, wait_s=WAIT_S)
    yield store
    store.close()


@pytest.fixture(params=["memory", "local"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> AnyObjects:
    """Return an empty object store."""
    return MemoryObjects() if request.param == "memory" else LocalObjects(tmp_path / "objects")


@pytest.fixture(params=["memory", "dbos"])
def works(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Works]:
    """Return an empty queue that is not started."""
    if request.param == "memory":
        memory = MemoryStore()
        works = Works(MemoryJobs(memory), memory)
    else:
        rows = open_store(tmp_path / "o.sqlite")
        works = Works(DbosJobs(rows, poll_s=0.05), rows)
    yield works
    works.jobs.stop(wait_s=0)
    works.store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of less than two megabytes, or skip."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1900k,mode=700", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("os: mounting a small file system is not permitted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
