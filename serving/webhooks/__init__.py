"""Telling others what happens here: signed messages over HTTP, sent until they arrive."""
