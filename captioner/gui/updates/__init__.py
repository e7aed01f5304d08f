"""The look for newer versions, which nobody takes unasked."""
