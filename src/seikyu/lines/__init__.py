"""Ways of connecting: which lines there are, how to choose and set one up, and why one does not connect.

Everything here is decided from values that are given: no socket is opened, nothing of a machine is read. It needs the
standard library alone, so that the doctor runs as one file on a PC that has no Internet.
"""
