"""captures: HTTP exchanges as served, in WARC 1.1 files that standard tools read.

One member per record, gzip (ISO 28500:2017, annex D) or zstd with a dictionary of the site; one file
per site and month. A record is on disk before any row refers to it; what a crash left half-written is
cut off at the next start.
"""

from archive.captures.grammar import IDENTICAL, NOT_MODIFIED, Exchange, fields_of, with_fields
from archive.captures.grammar import digest as payload_digest
from archive.captures.mending import cut_torn_tail, mend
from archive.captures.packing import pack
from archive.captures.reading import (
    MAX_BLOCK,
    Record,
    Resolve,
    read_capture,
    read_record,
    read_records,
)
from archive.captures.stored import (
    OWN_WORD,
    SAID,
    known_source,
    listed_as,
    previous_capture,
    read_said,
    read_stored,
    said_at,
    spellings,
)
from archive.captures.writing import Capture, CaptureWriter

__all__ = [
    "IDENTICAL",
    "MAX_BLOCK",
    "NOT_MODIFIED",
    "OWN_WORD",
    "SAID",
    "Capture",
    "CaptureWriter",
    "Exchange",
    "Record",
    "Resolve",
    "cut_torn_tail",
    "fields_of",
    "known_source",
    "listed_as",
    "mend",
    "pack",
    "payload_digest",
    "previous_capture",
    "read_capture",
    "read_record",
    "read_records",
    "read_said",
    "read_stored",
    "said_at",
    "spellings",
    "with_fields",
]
