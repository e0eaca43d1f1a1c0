"""newsbot: gathers Kazakh regional news. Crawls sites, cleans articles and hands them to `archive`."""

__version__ = "0.1.0"
SOFTWARE = f"newsbot/{__version__}"
"""The name that archives, exports and WARC files give to what wrote them."""
