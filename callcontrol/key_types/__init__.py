"""Key types that read calls, control them and report their sales."""
