"""Owns which pages there are."""

from fastapi import FastAPI

from api.pages import insights, live, new, people, sign_in, static_files, system, video, videos


def install(app: FastAPI) -> None:
    """Add every page to the application."""
    for module in (new, videos, video, live, people, insights, system, sign_in, static_files):
        app.include_router(module.router)
