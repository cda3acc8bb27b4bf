"""Throw bytes at the checker: no crash, one summary, and both engines say the same.

    pip install atheris -r requirements/core.txt
    PYTHONPATH=src python fuzz/examine.py -max_total_time=600 CORPUS_FOLDER

The compiled pass is not instrumented (it is machine code); the corpus is grown by what the reference looks at.
"""
