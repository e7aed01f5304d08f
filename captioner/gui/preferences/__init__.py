"""The settings dialog: a draft that is edited page by page, and applied or thrown away."""
