"""A simulated Acumatica ERP that answers as a real one was observed to: `create_app` returns the site as an ASGI
application.
"""

from sandbox.acumatica.app import create_app

__all__ = ["create_app"]
