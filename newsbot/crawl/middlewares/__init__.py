"""middlewares: one downloader middleware a file; their order is in `newsbot.crawl.settings`."""
