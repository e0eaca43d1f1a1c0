"""visit: what one look at one address amounts to, the same for a crawl and a replay. Works without Scrapy."""
