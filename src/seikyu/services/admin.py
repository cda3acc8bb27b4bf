"""Acts of the office's own people: the register of parties, the sandbox's clock, the calendar in force.

Who may act is decided at the door: the operator's certificate, or the command line on the office's own machine.
"""

import json
from dataclasses import replace
from datetime import datetime
from typing import Final

from seikyu.office.calendar import load_calendar
from seikyu.ports.errors import BadRequest, Forbidden
from seikyu.ports.store import Party
from seikyu.ports.trust import ClientIdentity
from seikyu.services.errors import OnlyInSandbox
from seikyu.services.office import INSTITUTION, OPERATOR, PAYER, Office, require_party
