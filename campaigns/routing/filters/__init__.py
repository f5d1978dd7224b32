"""The reasons to refuse a buyer, one file each; found by what they declare."""
