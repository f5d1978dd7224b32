"""Key types that reserve a buyer."""
