"""The demo company, and its past week, which the product itself plays."""
