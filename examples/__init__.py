"""Programs and lessons that run as they are."""
