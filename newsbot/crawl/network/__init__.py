"""downloading: what keeps a crawl a guest: at the network, below Scrapy's middlewares.

`addresses` where connections may go · `connections` what a peer may send · `decoding` what a body
may unpack to · `downloader` how fast a host is asked · `backoff` what a refusal leads to.
"""
