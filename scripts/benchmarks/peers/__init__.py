"""What users would pick in Captioner's place, each in an environment of its own.

The players (`play_*.py`), `stage.py` and `agreement.py` run in those environments, which have
nothing of Captioner: they import one another and the standard library, and what their peer brings.
"""
