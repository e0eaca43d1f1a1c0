"""importing: fills the archive from other people's captures, and again from its own.

`reading` what one capture holds · `grouping` captures → visits · `warc` files of captures.
"""
