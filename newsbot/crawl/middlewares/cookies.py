"""cookies: what a redirect sets is sent back along that chain of redirects, and never again.

Some sites show a page only to who comes back with a cookie that they have just set. Between visits none is
kept: sessions and consents would make one article look like many.

`Request.meta`: `cookies`, the jar of the chain (`scrapy.http.cookies.CookieJar`), which redirects hand on.
"""

from __future__ import annotations

from scrapy.http import Request, Response
from scrapy.http.cookies import CookieJar


class ChainCookiesMiddleware:
    """Keeps the cookies (RFC 6265) of one chain of requests in its `meta`."""

    def process_request(self, request: Request) -> None:
        """Send what this chain was given for the address."""
        jar: CookieJar | None = request.meta.get("cookies")
        if jar is not None:
            request.headers.pop("Cookie", None)
            jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Remember what is set; the redirected request has the same `meta`."""
        if "Set-Cookie" in response.headers:
            jar: CookieJar = request.meta.setdefault("cookies", CookieJar())
            jar.extract_cookies(response, request)
        return response
