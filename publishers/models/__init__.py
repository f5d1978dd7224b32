"""The rows of supply: publishers, numbers, conversions, keys, and what came in by them."""

from .conversion import Conversion, ConversionFilter
from .inbound import InboundNumber
from .instructions_link import InstructionsLink
from .key import Key
from .log import LogEntry
from .publisher import Publisher
from .records import IdempotencyRecord, StoredTag

__all__ = [
    "Conversion",
    "ConversionFilter",
    "IdempotencyRecord",
    "InboundNumber",
    "InstructionsLink",
    "Key",
    "LogEntry",
    "Publisher",
    "StoredTag",
]
