"""crawl: the Scrapy project: one spider for every newspaper, and what keeps a crawl a guest."""
