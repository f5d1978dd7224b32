"""What a handler key may do with a call, one file each; found by what they declare."""
