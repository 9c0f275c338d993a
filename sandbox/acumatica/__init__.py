"""An Acumatica ERP that answers as a real one was observed to: `create_app` gives the site as an ASGI application."""

from sandbox.acumatica.app import create_app

__all__ = ["create_app"]
