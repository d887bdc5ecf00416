"""Who looks at a page: somebody who is signed in where that is required, or is asked to be."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Request, Response, Security
from fastapi.responses import RedirectResponse

from features.errors import FinelineError
from serving.access.caller import Allowed, Caller
from serving.access.origin import SAFE
from serving.page.render import trouble
from serving.problems import Problem

SIGN_IN = "/sign-in"


class Instead(Exception):
    """Another answer than the page that was asked for."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class Visitor(Allowed):
    """The same as Allowed, for pages: whoever is nobody may sign in; errors are pages too."""

    async def __call__(self, request: Request) -> Caller:
        """The caller."""
        try:
            return await super().__call__(request)
        except Problem as problem:
            if problem.status == 401:
                raise Instead(_to_sign_in(request)) from None
            raise Instead(trouble(problem)) from None
        except FinelineError as error:
            raise Instead(trouble(error)) from None


PageReader = Annotated[Caller, Security(Visitor("read"), scopes=["read"])]
PageReporter = Annotated[Caller, Security(Visitor("feedback"), scopes=["feedback"])]
PageAdmin = Annotated[Caller, Security(Visitor("admin"), scopes=["admin"])]


def install(app: FastAPI) -> None:
    """Answer what is to be answered instead of a page."""

    async def instead(_: Request, error: Exception) -> Response:
        assert isinstance(error, Instead)
        return error.answer

    app.add_exception_handler(Instead, instead)


def next_of(text: str) -> str:
    """Where to go after signing in: an address of ours, or else the first page.

    >>> next_of("/contacts/anna?campaign_id=a"), next_of("//elsewhere.example"), next_of("/\\\\x")
    ('/contacts/anna?campaign_id=a', '/', '/')
    """
    ours = text.startswith("/") and not text.startswith(("//", "/\\", SIGN_IN))
    return text if ours and text.isprintable() else "/"


def _to_sign_in(request: Request) -> Response:
    asked = request.scope["raw_path"].decode("latin-1")
    if request.method in SAFE and request.url.query:
        asked += f"?{request.url.query}"
    return RedirectResponse(f"{SIGN_IN}?next={quote(next_of(asked), safe='/')}", 303)
