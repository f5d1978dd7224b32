"""Key types that write data."""
