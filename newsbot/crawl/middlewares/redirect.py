"""redirect: Scrapy's redirects, where loops end at once and `file:` and `javascript:` are none.

Settings: `REDIRECT_ENABLED`, `REDIRECT_MAX_TIMES`, `REDIRECT_PRIORITY_ADJUST`, `METAREFRESH_ENABLED`,
`METAREFRESH_IGNORE_TAGS`, `METAREFRESH_MAXDELAY`.
`Request.meta`, as Scrapy's: `dont_redirect`, `redirect_ttl` (redirects that this request may still
follow); set are `redirect_urls`, `redirect_times`, `redirect_reasons`.
"""

from __future__ import annotations

from scrapy.downloadermiddlewares import redirect
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response, TextResponse

from newsbot.crawl.middlewares.own_site import OffSite

_REDIRECTS = (301, 302, 303, 307, 308)


class RedirectLoop(Exception):
    """Redirects that lead back, or lead on for too long."""


class RedirectMiddleware(redirect.RedirectMiddleware):
    """Follows redirects over HTTP; a redirect to anything else is no way out of the web."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """The redirected request.

        Raises `OffSite` for `file:`, `javascript:` and the like, `RedirectLoop` for a loop.
        """
        if response.status not in _REDIRECTS or "Location" not in response.headers:
            return response
        try:
            result = super().process_response(request, response)
        except ValueError:  # no address at all
            result = response
        except IgnoreRequest as error:
            raise RedirectLoop("too many redirects") from error
        if isinstance(result, Response):
            raise OffSite
        if _leads_back(result):
            raise RedirectLoop(f"redirects lead back to {result.url}")
        return result


class MetaRefreshMiddleware(redirect.MetaRefreshMiddleware):
    """Follows the forwarding pages of old engines, not pages that reload themselves."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """The request for the other page, or the page itself."""
        if not isinstance(response, TextResponse) or b"refresh" not in response.body.lower():
            return response
        try:
            response.body.decode(response.encoding, "replace")
        except (LookupError, UnicodeError):  # no charset of the web: `base64`, `undefined`
            readable = response.replace(encoding="utf-8")
        else:
            readable = response
        try:
            result = super().process_response(request, readable)
        except IgnoreRequest:  # too many; this page is where they end
            return response
        return result if isinstance(result, Request) and not _leads_back(result) else response


def _leads_back(redirected: Request) -> bool:
    """Whether a redirected request is a loop: the same address answers the same, but for a new cookie."""
    times: int = redirected.meta["redirect_urls"].count(redirected.url)
    return times > (1 if redirected.meta.get("cookies") else 0)
