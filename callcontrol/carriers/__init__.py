"""Carriers, one file each, found here."""
