"""The app at another time."""
