"""Pages for people with a browser, on the public face and the desk: they read, type and press; programs use the API.

A page works without scripts and from 360 pixels on, in Japanese or English. `frame` draws it, `forms` reads what was
typed, `visit` knows who asks, `site` says which pages a face has; the other modules are the pages.

To add a page: a template that extends `base.html` (its parts are in `parts.html`), texts under `pages.` in
`apps/words`, a function from a `Visit` to an answer (`visit.show`, `visit.again` with an error, `visit.see` for another
page), and its `pages.route(...)` in `site.page_routes`, where the menu is too. A form has `token_field()`; its act is
another route of the same path with `post=True`. `tests/apps/pages_lab.py` is a browser for tests.
"""
