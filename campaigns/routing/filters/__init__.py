"""The reasons to refuse a buyer: one file each, found by what the files declare; all caps share one."""
