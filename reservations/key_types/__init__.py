"""Kinds of keys that reserve a buyer."""
