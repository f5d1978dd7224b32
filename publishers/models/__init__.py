"""The rows of supply: publishers, numbers, conversions, keys, and what came in by them."""

from .conversion import Conversion, ConversionFilter
from .handout import Handout
from .inbound import InboundNumber
from .key import Key
from .log import LogEntry
from .publisher import Publisher
from .records import IdempotencyRecord, StoredTag

__all__ = [
    "Conversion",
    "ConversionFilter",
    "Handout",
    "IdempotencyRecord",
    "InboundNumber",
    "Key",
    "LogEntry",
    "Publisher",
    "StoredTag",
]
