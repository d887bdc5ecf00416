"""Synthetic agencies with known truth: histories to learn from and worlds to play against."""
