"""Walks over the lines of a batch, compiled: what each line owes to those before it, in one go.

The same could be said with NumPy in a dozen passes over the columns; that took a quarter of the time of all rules.
All of it is jitted, apart from the pass. The columns' values are those of `scan`.
"""

from typing import Any

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

U = np.uintp
#: Values and marks of columns, as in `scan`; a test holds the two together.
EMPTY = -1
BAD = -2
MISSING = -3
DONOR = 256


@jit
def shares(burdens: Any, codes: Any, payers: Any, out: Any) -> None:
    """Write down who shares a line of each burden division, -1 for an unknown one; both tables go by the low bits."""
    mask = codes.shape[0] - 1
    for at in range(burdens.shape[0]):
        burden = burdens[U(at)]
        low = burden & mask
        out[U(at)] = payers[U(low)] if codes[U(low)] == burden else -1


@jit
def lines(
    claims: Any, records: Any, classes: Any, points: Any, charged: Any, own: Any, opens: Any, service: Any, place: Any,
    current: Any, first: Any, last: Any, of_row: Any, unit_class: Any, ended: Any, counts: Any,
) -> None:  # fmt: skip
    """Write down the claims' own lines, those that are charged, and the units that these make.

    Shape: `own` are rows, `opens` is True on the first of a claim; `service` are the charged ones, `place` their places
    in `own`, `current` their class from charged lines alone, `of_row` their unit. Units: first and last row, class of
    any line, and whether points end them. `counts` takes how many of each there are: lines, charged ones, units.
    """
    n_own = n_service = n_units = 0
    claim = of_unit = -1
    of_service = of_any = EMPTY
    begins = True
    for row in range(claims.shape[0]):
        record = records[U(row)]
        if record >= DONOR:
            continue
        opens[U(n_own)] = claims[U(row)] != claim
        if claims[U(row)] != claim:
            claim = claims[U(row)]
            of_service = of_any = EMPTY
            begins = True
        own[U(n_own)] = row
        value = classes[U(row)]
        classed = value != EMPTY and value != MISSING
        if classed:
            of_any = value
            begins = True
        if charged[U(record)]:
            if classed:
                of_service = value
            if begins:
                of_unit += 1
                first[U(of_unit)] = row
                begins = False
            last[U(of_unit)] = row
            unit_class[U(of_unit)] = of_any
            begins = points[U(row)] != EMPTY and points[U(row)] != MISSING
            ended[U(of_unit)] = begins
            service[U(n_service)] = row
            place[U(n_service)] = n_own
            current[U(n_service)] = of_service
            of_row[U(n_service)] = of_unit
            n_service += 1
        n_own += 1
    n_units = of_unit + 1
    counts[0], counts[1], counts[2] = n_own, n_service, n_units


@jit
def sums(
    claims: Any, classes: Any, points: Any, times: Any, days: Any, service: Any, last: Any, unit_class: Any, ended: Any,
    shared: Any, there: Any, meals: int, reduction: int, known: Any, any_unit: Any, by_count: Any, by_days: Any,
) -> None:  # fmt: skip
    """Add up what units are worth, by payer and claim, once by count and once by days.

    A claim is not `known` any more if one of its lines cannot be read, or a unit has no points or a payer who is not
    there. `shared` goes by row, `there` by claim: bits of payers.
    """
    for at in range(service.shape[0]):
        row = service[U(at)]
        for value in (classes[U(row)], points[U(row)], times[U(row)]):
            if value == BAD or value == MISSING:
                known[U(claims[U(row)])] = False
    for at in range(last.shape[0]):
        row = last[U(at)]
        claim = claims[U(row)]
        any_unit[U(claim)] = True
        payers = shared[U(row)]
        summed = unit_class[U(at)] != meals
        if payers < 0 or payers & ~there[U(claim)] or (summed and not ended[U(at)]) or unit_class[U(at)] == reduction:
            known[U(claim)] = False
        elif summed:
            worth = max(points[U(row)], 0)
            for payer in range(by_count.shape[0]):
                if payers >> payer & 1:
                    by_count[U(payer), U(claim)] += worth * max(times[U(row)], 0)
                    by_days[U(payer), U(claim)] += worth * days[U(row)]
