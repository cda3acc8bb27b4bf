"""Makes files of claims of plainly fictitious people, of every kind: conforming ones, and ones with damage."""

from seikyu.apps.generator.damage import DAMAGES, FAULTS, Damage, Fault, damaged, damaging
from seikyu.apps.generator.files import NoClaimLeft, Recipe, TooManyClaims, earlier, stream, write
from seikyu.apps.generator.forms import FORMS
from seikyu.apps.generator.places import POINT_TABLES, Institution, Payer, World, institution_id, place_of, world
from seikyu.apps.generator.tally import Sums, Tally

__all__ = [
    "DAMAGES",
    "FAULTS",
    "FORMS",
    "POINT_TABLES",
    "Damage",
    "Fault",
    "Institution",
    "NoClaimLeft",
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
