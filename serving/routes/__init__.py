"""The routes of the API, by what they are about."""

from fastapi import APIRouter

from serving.routes import contacts, decisions, events, hints, operations

router = APIRouter()
for _part in (decisions, hints, events, contacts, operations):
    router.include_router(_part.router)
