"""The bundled example newspaper: an invented Kazakh regional paper served on loopback.

`newsbot demo` and the tests crawl it for real; its texts are ours and their exact truth is known.
"""
