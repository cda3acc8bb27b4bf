"""Makes UKE files of plainly fictitious people: conforming ones, and ones with deliberate errors."""

from seikyu.apps.generator.damage import DAMAGES, FAULTS, Damage, Fault, damaged, damaging
from seikyu.apps.generator.files import Recipe, TooManyClaims, earlier, stream, write
from seikyu.apps.generator.forms import FORMS
from seikyu.apps.generator.places import Institution, Payer, World, institution_id, place_of, world
from seikyu.apps.generator.tally import Sums, Tally

__all__ = [
    "DAMAGES",
    "FAULTS",
    "FORMS",
    "Damage",
    "Fault",
    "Institution",
    "Payer",
    "Recipe",
    "Sums",
    "Tally",
    "TooManyClaims",
    "World",
    "damaged",
    "damaging",
    "earlier",
    "institution_id",
    "place_of",
    "stream",
    "world",
    "write",
]
