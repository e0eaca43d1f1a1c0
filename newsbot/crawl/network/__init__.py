"""network: all that touches private parts of Scrapy and Twisted, most of it below the middlewares.

`addresses` where connections may go · `connections` what a peer may send · `downloader` how fast a host
is asked, and what a closing crawl gives back · `engine` what the others ask of Scrapy's engine.

Each module's docstring lists the private names that it uses, with the reason and with what has to change
upstream until they may go; the test named there (in `tests/crawl/network/test_upstream.py`) fails when that
has happened. No other module uses a private name: `tests/crawl/network/test_private.py`.
"""
