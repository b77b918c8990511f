"""The Textual app: it receives changes from the feed and draws them."""
