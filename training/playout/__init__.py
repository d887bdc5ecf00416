"""Closed loop: policies play against worlds whose truth is known."""
