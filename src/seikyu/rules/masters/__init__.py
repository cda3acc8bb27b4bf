"""Masters (マスター): the tables that codes, prices and registers stand in, by kind and day.

Kinds and their columns are data (`forms`); `reading` makes a version of an official file or of a CSV of our own form,
`packed` holds one in a block of bytes, `shelf` finds the version of a service month.
"""

from seikyu.rules.masters.form import Form, Group, MasterForm, forms
from seikyu.rules.masters.packed import BadMaster, Row, Version, VersionLabel, read_version, write_version
from seikyu.rules.masters.shelf import NO_MASTERS, WHOLE, Filed, Masters, masters_of, opened

__all__ = [
    "NO_MASTERS",
    "WHOLE",
    "BadMaster",
    "Filed",
    "Form",
    "Group",
    "MasterForm",
    "Masters",
    "Row",
    "Version",
    "VersionLabel",
    "forms",
    "masters_of",
    "opened",
    "read_version",
    "write_version",
]
