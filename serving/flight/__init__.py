"""Models in flight: the champion watched, tested, swapped in, and kept for bad days."""
