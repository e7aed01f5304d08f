"""The Riva protocol in our own terms: messages to values and back, status codes to errors.

Every conversion of a unit (milliseconds, seconds, samples) at the wire happens in this package.
"""
