"""Kinds of keys that write data."""
