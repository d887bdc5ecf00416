"""The routes of the API, by what they are about."""

from serving.routes import campaigns, contacts, decisions, events, hints, operations

#: In the order they are tried, what is asked most often first.
API = [part.router for part in (decisions, hints, events, contacts, campaigns, operations)]
