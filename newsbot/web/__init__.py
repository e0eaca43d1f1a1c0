"""web: the reading room: the archive in a browser, as a plugin of Datasette. docs/room.md tells it to users.

Each page is a function of `Asked` that gives `Page`: a template's name and the data that the page shows, which
are its JSON as well. `room` asks them, `languages` has the words, `app` puts them into Datasette.
"""
