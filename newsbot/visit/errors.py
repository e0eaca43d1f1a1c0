"""errors: how a fetch may end without an answer that says anything of the page."""


class Interrupted(Exception):
    """The crawl ended before the request was sent or answered; it is still due."""
