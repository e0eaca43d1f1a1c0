"""newsbot: gathers Kazakh regional news. Crawls sites, cleans articles and hands them to `archive`."""

__version__ = "0.1.0"
