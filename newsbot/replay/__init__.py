"""replay: reads captures that were made before, other people's and our own, as a crawl of their day would have."""
