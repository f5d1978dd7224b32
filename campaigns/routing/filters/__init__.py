"""The reasons to refuse a buyer, one file each; the ten caps share a file."""
