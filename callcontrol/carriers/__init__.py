"""The companies that carry calls: one file each, found here."""
