"""Words for the suites that run over every adapter of a port."""

from dataclasses import dataclass

from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.memory_jobs import MemoryJobs
from seikyu.adapters.memory_objects import MemoryObjects
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql import SqlStore

WAIT_S = 0.3  # Long enough for a writer's turn, short enough for a test that waits for nothing.

AnyStore = MemoryStore | SqlStore
AnyObjects = MemoryObjects | LocalObjects


@dataclass(frozen=True)
class Works:
    """A queue with the store that its orders commit in."""

    jobs: MemoryJobs | DbosJobs
    store: AnyStore
