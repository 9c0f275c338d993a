"""The answers of refusals, worded as by Acumatica and the IIS in front of it."""

from collections.abc import Mapping, Sequence

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

UNRECOGNIZED = "The custom error module does not recognize this error."
LOGIN_LIMIT = "API Login Limit"
PIPELINE = (
    "System.Web.Http.Controllers.ApiControllerActionInvoker.<InvokeActionAsyncCore>d__1.MoveNext()",
    "System.Web.Http.Filters.ActionFilterAttribute.<ExecuteActionFilterAsyncCore>d__5.MoveNext()",
    "System.Web.Http.Dispatcher.HttpControllerDispatcher.<SendAsync>d__15.MoveNext()",
)
RETHROWN = (
    "--- End of stack trace from previous location where exception was thrown ---\r\n"
    "   at System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()\r\n"
    "   at System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccessAndDebuggerNotification(Task task)\r\n"
)
LOGIN_FRAMES = (
    "PX.Data.PXLogin.PX.Data.IPXLogin.LoginUser(String& userName, String password)",
    "PX.Api.Services.LoginService.Login(String login, String password, String company, String branch, String locale, "
    "String prefix)",
    "PX.Api.ContractBased.WebApi.Controllers.AuthController.Login(Credentials credentials)",
)
LIST_FRAMES = (
    "PX.Api.ContractBased.EntityService.<GetListAsyncFromEnumerable>d__8.MoveNext()",
    "PX.Api.ContractBased.SystemContracts.V2.SoapFacade.<PX-Api-ContractBased-IRestGate-GetListAsync>d__4.MoveNext()",
)
REASONS = {
    411: "Length Required",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def stack(frames: Sequence[str]) -> str:
    """Return a stack trace of these frames through the web server's pipeline."""
    own = "\r\n".join(f"   at {frame}" for frame in frames)
    return own + "\r\n" + "\r\n".join(f"{RETHROWN}   at {frame}" for frame in PIPELINE)


def exception(kind: str, message: str, frames: Sequence[str] = LIST_FRAMES) -> Response:
    """Return the JSON body that every unhandled exception gets."""
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": message,
        "exceptionType": kind,
        "stackTrace": stack(frames),
    }
    return JSONResponse(body, 500, media_type="application/json; charset=utf-8")


def message(status: int, text: str) -> Response:
    """Return the short body `{"message": …}`."""
    return JSONResponse({"message": text}, status, media_type="application/json; charset=utf-8")


def bad_credentials() -> Response:
    """Return the answer to a wrong name or password at login: 500, not 401."""
    return exception("PX.Data.PXException", "Error: Invalid credentials. Please try again.", LOGIN_FRAMES)


def login_limit() -> Response:
    """Return the answer to a login while all API users of the licence are signed in."""
    return exception("PX.Data.PXException", f"Error: {LOGIN_LIMIT}", LOGIN_FRAMES)


def missing_record() -> Response:
    """Return the answer to a request by key for a record that does not exist: 500, not 404."""
    return exception(
        "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException", "No entity satisfies the condition."
    )


def unknown_name() -> Response:
    """Return the answer to a field in `$select`, `$filter` or `$expand` that the entity does not have."""
    return exception(
        "System.Collections.Generic.KeyNotFoundException", "The given key was not present in the dictionary."
    )


def unreadable_filter(text: str) -> Response:
    """Return the answer to a `$filter` of the contract API that cannot be parsed."""
    return exception("Microsoft.Data.OData.ODataException", text)


def cannot_optimize(views: Mapping[str, str]) -> Response:
    """Return the answer to a list that cannot be read in one query, given the offending fields with their views."""
    lines = "".join(f"{name}: View {view} has BQL delegate\r\n" for name, view in views.items())
    return exception(
        "PX.Api.ContractBased.OptimizedExport.CannotOptimizeException",
        f"Optimization cannot be performed.The following fields cause the error:\r\n{lines}",
        ("PX.Api.ContractBased.OptimizedExport.NotWorkingOptimizedExportProvider.get_CanOptimize()", *LIST_FRAMES),
    )


def invalid_request(key: str, text: str) -> Response:
    """Return the answer to a request that the model binder refuses: 400."""
    body = {"message": "The request is invalid.", "modelState": {key: [text]}}
    return JSONResponse(body, 400, media_type="application/json; charset=utf-8")


def no_resource(url: str) -> Response:
    """Return the answer to a path that leads nowhere: 404."""
    return message(404, f"No HTTP resource was found that matches the request URI '{url}'.")


def no_rights(form: str, number: str) -> Response:
    """Return the answer for a form that the user may not use in that way: 403."""
    return message(403, f"You have insufficient rights to access the {form} ({number}) form.")


def throttled() -> Response:
    """Return the answer to a request above the licence's number per minute: 429 in plain text, without Retry-After."""
    return PlainTextResponse(UNRECOGNIZED, 429)


def page(status: int) -> Response:
    """Return the HTML page of IIS or of a proxy for a status."""
    reason = REASONS.get(status, "Error")
    html = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
        f"<HTML><HEAD><TITLE>{reason}</TITLE></HEAD>\r\n"
        f"<BODY><h2>{reason}</h2>\r\n<hr><p>HTTP Error {status}. {reason}.</p>\r\n</BODY></HTML>\r\n"
    )
    return HTMLResponse(html, status)


def moved_to_error_page() -> Response:
    """Return the answer to a bearer request while all API users are signed in: a redirect to an HTML page, not JSON."""
    text = "The+number+of+concurrent+API+logins+has+been+reached."
    location = f"/Frames/Error.aspx?exceptionID=1&typeID=error&message={text}"
    return HTMLResponse(
        f'<html><head><title>Object moved</title></head><body><h2>Object moved to <a href="{location}">here</a>.'
        "</h2></body></html>",
        302,
        {"Location": location},
    )


def odata(status: int, text: str) -> Response:
    """Return the error body of the OData services."""
    return JSONResponse({"error": {"code": "", "message": text}}, status, headers={"OData-Version": "4.0"})
