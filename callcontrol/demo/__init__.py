"""The demo company's past: a week of requests and calls, made by the product itself at moments that are handed to it."""
