"""Mutation testing: whether the tests notice small changes of the code."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
