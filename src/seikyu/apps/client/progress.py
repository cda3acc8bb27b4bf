"""A bar where somebody watches, plain lines where nobody does; always on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seikyu.limits import MIB


@contextmanager
def bar(label: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """Yield what is told of every piece; a negative number takes some back."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True),
               TransferSpeedColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total_bytes)
        yield lambda number: progress.update(task, advance=number)


def size(number: int) -> str:
    """Return a size as people read it. Example: `size(3_500_000)` is `3.3 MiB`."""
    if number < MIB:
        return f"{-(-number // 1024)} KiB"
    return f"{number / MIB:.1f} MiB"
