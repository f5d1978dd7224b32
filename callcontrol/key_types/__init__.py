"""Kinds of keys that read calls, steer them, and report their sales."""
