"""The vocabulary of Captioner: plain values that every other package speaks.

Standard library only. Nothing in here does input or output, starts a thread, or knows Qt or gRPC.
"""
