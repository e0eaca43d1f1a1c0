"""limits: how far a fetch goes, in a crawl and in a replay alike. Numbers only.

`newsbot.crawl.settings` hands those with the name of a Scrapy setting to Scrapy.
"""

from __future__ import annotations

from newsbot import __version__

USER_AGENT = f"newsbot/{__version__} (news archive)"
"""A newspaper must be able to tell who is asking; a contact is added before anything is asked."""
MAX_DELAY = 60.0
"""Seconds between two requests to a host, however slow it is or asks us to be."""
DOWNLOAD_TIMEOUT = 60
"""Seconds until a request is given up."""
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
"""Bytes of a body; no article page is larger, and a decompression bomb is cut here."""
REDIRECT_MAX_TIMES = 8
"""Redirects from one address; longer chains are loops."""
METAREFRESH_MAXDELAY = 5
"""Seconds; longer ones are pages that reload themselves, not pages that have moved."""
REFUSALS = (429, 503)
"""Statuses that ask us to stay away for a while (RFC 6585 §4, RFC 9110 §15.6.4)."""
RETRY_TIMES = 2
"""Retries within a run; what still fails is due again later."""
RETRY_HTTP_CODES = (500, 502, 504, 522, 524, 408)
"""Statuses after which the same is asked again at once: never `REFUSALS`."""
