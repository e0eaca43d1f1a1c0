"""Scrapy settings. Every one that differs from Scrapy's default says why."""

import os

from newsbot.pool import default_jobs
from newsbot.visit import limits

BOT_NAME = "newsbot"

# Every site profile is a spider; see newsbot/crawl/loader.py.
SPIDER_LOADER_CLASS = "newsbot.crawl.loader.SiteSpiderLoader"
SPIDER_MODULES = ["newsbot.crawl.spider"]
# Folders with the user's own profiles, beside newsbot/sites and the archive's own sites/.
NEWSBOT_SITES_DIRS = [d for d in os.environ.get("NEWSBOT_SITES_DIR", "").split(os.pathsep) if d]
# The archive's folder.
NEWSBOT_DATA = os.environ.get("NEWSBOT_DATA") or "data"
# Who runs this crawler: an e-mail address or a page. Public sites are not crawled without it.
NEWSBOT_CONTACT = os.environ.get("NEWSBOT_CONTACT", "")
# How a run differs from the ordinary one: fields of newsbot.crawl.session.Options, as JSON or a dict.
NEWSBOT_OPTIONS: dict[str, object] = {}

# Processes that read pages, for all sites together; 0 reads them in the process that fetches.
NEWSBOT_JOBS = default_jobs()

# A newspaper must be able to tell who is asking; the contact is added when the crawl starts.
USER_AGENT = limits.USER_AGENT
ROBOTSTXT_USER_AGENT = "newsbot"

# The frontier table is the queue: what is waiting survives kill -9.
SCHEDULER = "newsbot.crawl.scheduler.FrontierScheduler"

ROBOTSTXT_OBEY = True
# Crawl-delay and refusals slow a host down; AutoThrottle may not undo it.
DOWNLOADER = "newsbot.crawl.network.downloader.PoliteDownloader"
# The web and nothing else, with limits on headers and without half bodies.
DOWNLOAD_HANDLERS = {
    "http": "newsbot.crawl.network.connections.Handler",
    "https": "newsbot.crawl.network.connections.Handler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# No name of a public site may lead into a private network.
TWISTED_DNS_RESOLVER = "newsbot.crawl.network.addresses.PublicResolver"
# Newspapers that choose the edition by this header shall serve the Kazakh one.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "kk,ru;q=0.5",
}
# One request at a time and seconds between them, unless a profile knows better.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
# The profile's delay is a promise; Scrapy's default jitter would undercut it every other time.
DOWNLOAD_DELAY_JITTER = 0.0
AUTOTHROTTLE_ENABLED = True
# A page gives one item; Scrapy would start a hundred tasks for it (a fifth of all our time).
CONCURRENT_ITEMS = 1
AUTOTHROTTLE_MAX_DELAY = limits.MAX_DELAY
# A replay has the same limits as a crawl, so they stand there with their reasons.
RETRY_TIMES = limits.RETRY_TIMES
RETRY_HTTP_CODES = [*limits.RETRY_HTTP_CODES]
REDIRECT_MAX_TIMES = limits.REDIRECT_MAX_TIMES
METAREFRESH_MAXDELAY = limits.METAREFRESH_MAXDELAY
DOWNLOAD_MAXSIZE = limits.DOWNLOAD_MAXSIZE
DOWNLOAD_WARNSIZE = 0
# Scrapy's own without the time-out: three minutes for one page are too many.
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
DOWNLOAD_TIMEOUT = limits.DOWNLOAD_TIMEOUT
# The outcome of the visit says the same in the log.
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"
# Sessions and consent cookies make one article look like many; a chain of redirects has its own.
COOKIES_ENABLED = False
# Statuses are outcomes here, so the spider sees them all.
HTTPERROR_ALLOW_ALL = True

DOWNLOADER_MIDDLEWARES = {
    # Stock robots.txt handling lets requests through while the file is being downloaded.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "newsbot.crawl.middlewares.robots.RobotsMiddleware": 100,
    # Hosts are checked with their port, on every request including redirects.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "newsbot.crawl.middlewares.own_site.OwnSiteMiddleware": 50,
    # Pauses a whole host, which Scrapy's retries cannot.
    "newsbot.crawl.middlewares.backoff.BackOffMiddleware": 560,
    # Loops end at once and in a failure; file: and javascript: are no redirects.
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "newsbot.crawl.middlewares.redirect.MetaRefreshMiddleware": 580,
    # Whole bodies only, where Scrapy takes a truncated gzip for a page.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "newsbot.crawl.middlewares.decoding.DecodingMiddleware": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "newsbot.crawl.middlewares.redirect.RedirectMiddleware": 600,
    "newsbot.crawl.middlewares.cookies.ChainCookiesMiddleware": 700,
    # Next to the network: sees the bytes before anything decompresses or reads them.
    "newsbot.crawl.middlewares.capture.CaptureMiddleware": 950,
}
SPIDER_MIDDLEWARES = {
    # Candidate URLs never become requests by themselves, so there is no depth to count.
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
ITEM_PIPELINES = {
    "newsbot.crawl.pipelines.StorePipeline": 300,
}
# Scrapy's own without those that open ports which run code: to load them takes as long as all the rest, and
# Scrapy loads those that are switched off, too.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.logstats.LogStats": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
EXTENSIONS = {
    "newsbot.crawl.extensions.SessionExtension": 0,
    # Items are visits here; what users of `scrapy crawl -o` mean are articles.
    "newsbot.crawl.extensions.ArticleFeed": 0,
}
FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = "INFO"
# The session's extension logs them, as one line of JSON.
STATS_DUMP = False
# Items hold whole articles; one line says enough.
LOG_FORMATTER = "newsbot.crawl.extensions.BriefLogFormatter"
