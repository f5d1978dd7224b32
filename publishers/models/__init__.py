"""Models of supply: publishers, numbers, conversions, keys, and the requests by them."""

from .conversion import Conversion, ConversionFilter
from .inbound import InboundNumber, validate_tags
from .instructions_link import InstructionsLink
from .key import Key
from .log import AnswerStatus, LogEntry, LogResult
from .publisher import Publisher
from .records import IdempotencyRecord, StoredTag

__all__ = [
    "AnswerStatus",
    "Conversion",
    "ConversionFilter",
    "IdempotencyRecord",
    "InboundNumber",
    "InstructionsLink",
    "Key",
    "LogEntry",
    "LogResult",
    "Publisher",
    "StoredTag",
    "validate_tags",
]
