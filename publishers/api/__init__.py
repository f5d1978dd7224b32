"""Public pages of this app: posting instructions."""
