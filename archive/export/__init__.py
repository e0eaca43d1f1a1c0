"""export: articles out of the archive in formats that researchers read."""
