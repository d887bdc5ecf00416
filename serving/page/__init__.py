"""The recruiters' page: HTML rendered here, own style, own scripts, own drawings."""

from fastapi import APIRouter

from serving.page import assets, contact, dials, sign_in, team, today, widget

router = APIRouter(include_in_schema=False)
for _part in (assets, sign_in, today, contact, team, dials, widget):
    router.include_router(_part.router)
