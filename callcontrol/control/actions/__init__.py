"""Actions of a handler key on a call: one file with one class each."""
