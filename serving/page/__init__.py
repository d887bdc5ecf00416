"""The recruiters' page: HTML rendered here, own style, own scripts, own drawings."""

from serving.page import assets, contact, dials, sign_in, team, today, widget

PAGES = [part.router for part in (assets, sign_in, today, contact, team, dials, widget)]
