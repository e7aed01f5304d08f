"""Measurements as something to read: one document, written as Markdown and as a page."""
