"""Measures the product beside its baselines: `python3 run.py bench` writes docs/performance.md.

`subjects/` has one module for each subject, `goals.py` what each figure has to reach, `page.py` the page.
"""
