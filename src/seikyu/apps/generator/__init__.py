"""Makes UKE files of plainly fictitious people: conforming ones, and ones with deliberate errors."""

from seikyu.apps.generator.faults import FAULTS, Fault
from seikyu.apps.generator.files import Recipe, earlier, stream, write
from seikyu.apps.generator.places import Institution, Payer, World, institution_id, world
from seikyu.apps.generator.tally import Sums, Tally

__all__ = [
    "FAULTS",
    "Fault",
    "Institution",
    "Payer",
    "Recipe",
    "Sums",
    "Tally",
    "World",
    "earlier",
    "institution_id",
    "stream",
    "world",
    "write",
]
