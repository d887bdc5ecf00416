"""Answers from stored history."""
