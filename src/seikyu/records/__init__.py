"""UKE bytes <-> records <-> claims; layouts and code tables are dated data files."""
