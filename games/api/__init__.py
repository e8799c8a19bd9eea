"""The JSON API: what a program does for a person, by the same actions as pages and Discord.

`app.py` joins the routers that each feature declares in its own `api.py`. Only the site's own program loads them, at
the first request (`middleware.py`): the others need neither Django Ninja nor its shapes.
"""
