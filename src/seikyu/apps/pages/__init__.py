"""Pages for people with a browser, on the public face and the desk: they read, type and press; programs use the API.

A page works without scripts and from 360 pixels on, in Japanese or English. `frame` draws it, `forms` reads what was
typed, `visit` knows who asks; the other modules are the pages.
"""
