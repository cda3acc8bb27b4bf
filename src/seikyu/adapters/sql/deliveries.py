"""Statements about deliveries."""

from collections.abc import Iterator

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, put
from seikyu.adapters.sql.schema import deliveries, delivery_steps
from seikyu.office.delivery.history import DeliveryStep
from seikyu.ports.store import Delivery

_DELIVERY = sa.select(*columns(deliveries, Delivery))
_STEP = sa.select(*columns(delivery_steps, DeliveryStep))


def delivery_by_id(connection: sa.Connection, delivery_id: str) -> Delivery | None:
    """Find one delivery."""
    return first(connection, Delivery, _DELIVERY.where(deliveries.c.id == delivery_id))


def deliveries_page(
    connection: sa.Connection,
    *,
    payer: str | None,
    body: str | None,
    month: str | None,
    line: str | None,
    after: str | None,
    limit: int | None,
) -> list[Delivery]:
    """List deliveries newest first, one page at a time."""
    wanted = narrowed(_DELIVERY, deliveries, payer=payer, body=body, month=month, line=line)
    return every(connection, Delivery, page(wanted, deliveries.c.id, after=after, limit=limit))


def put_delivery(connection: sa.Connection, delivery: Delivery) -> None:
    """Write a delivery or its next state."""
    put(connection, deliveries, delivery)


def steps_of(connection: sa.Connection, delivery_ids: tuple[str, ...]) -> list[DeliveryStep]:
    """List the histories of some deliveries, each in its order."""
    wanted = _STEP.where(delivery_steps.c.delivery.in_(delivery_ids))
    return every(connection, DeliveryStep, wanted.order_by(delivery_steps.c.delivery, delivery_steps.c.no))


def put_step(connection: sa.Connection, step: DeliveryStep) -> None:
    """Write a line of a delivery's history, or the same one grown longer."""
    put(connection, delivery_steps, step)


def take_unsealed(connection: sa.Connection, body: str, month: str, *, line: str) -> list[Delivery]:
    """Remove and return what a closing that died had begun."""
    unsealed = narrowed(_DELIVERY, deliveries, body=body, month=month, line=line, state="sealing")
    found = every(connection, Delivery, unsealed.order_by(deliveries.c.id))
    if found:
        connection.execute(deliveries.delete().where(deliveries.c.id.in_([delivery.id for delivery in found])))
    return found


def object_names(connection: sa.Connection) -> Iterator[str]:
    """Tell which objects the deliveries' rows speak of."""
    for (delivery_id,) in connection.execute(sa.select(deliveries.c.id)):
        yield f"deliveries/{delivery_id}"
        yield f"provenance/{delivery_id}"
