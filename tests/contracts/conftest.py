"""Every adapter of a port, so that one suite runs over all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.memory import MemoryJobs, MemoryObjects, MemoryStore
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import SqlStore, open_store

WAIT_S = 0.3  # Long enough for a writer's turn, short enough for a test that waits for nothing.

AnyStore = MemoryStore | SqlStore
AnyObjects = MemoryObjects | LocalObjects
AnyJobs = MemoryJobs | DbosJobs


@dataclass(frozen=True)
class Works:
    """A queue with the store that its orders commit in."""

    jobs: AnyJobs
    store: AnyStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    """Return an empty store."""
    store = MemoryStore(wait_s=WAIT_S) if request.param == "memory" else open_store(tmp_path / "o.sqlite", wait_s=WAIT_S)
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
