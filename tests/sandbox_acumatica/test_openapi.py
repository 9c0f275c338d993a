"""The sandbox held to the vendor's OpenAPI file over what is listed in `listed.py`, with requests by schemathesis.

Answers of 404 and 501 do not count as served: every listed route, field, condition and option gives data. Every answer
has the described shape, no field that the description lacks, and a refusal has the described body.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sandbox_acumatica.conftest import Clock
from sandbox_acumatica.described import Description
from sandbox_acumatica.listed import ACTIONS, CHANGES, INQUIRIES, READS, Read
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from sandbox.acumatica import create_app
from sandbox.catalogue import generated

pytestmark = pytest.mark.recordings
ENDPOINT = "/entity/Default/24.200.001"
LISTS = [("GET", f"/{name}") for name in READS]
ONES = [("GET", f"/{name}/{{{key}}}") for name in READS for key in ("ids", "id")]
SCHEMAS = [("GET", f"/{name}/$adHocSchema") for name in READS]
PUTS = [("PUT", f"/{name}") for name in INQUIRIES]
POSTS = [("POST", f"/{entity}/{action}") for entity, action in ACTIONS]
EVERY = [*LISTS, *ONES, *SCHEMAS, *PUTS, *POSTS]
MANY = pytest.param(60, marks=pytest.mark.soak)


class Asked:
    """A site with a bit of everything, and what it answers; a fault of ours is raised here."""

    def __init__(self) -> None:
        self._app = create_app(generated(40), clock=Clock(), documents=30)
        login = {"name": "admin", "password": "sandbox", "tenant": "Company"}
        answered = self._send("POST", "/entity/auth/login", {}, login)
        self._cookies = dict(answered.cookies)
        assert self._send("POST", "/_sandbox/change", {}, CHANGES).status_code == 200

    _cookies: dict[str, str] | None = None

    def _send(self, method: str, path: str, query: dict[str, Any], body: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://erp.example", cookies=self._cookies
            ) as client:
                given = {} if body is None or isinstance(body, NotSet) else {"json": body}
                return await client.request(method, path, params=query or None, **given)

        return asyncio.run(once())

    def send(self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> httpx.Response:
        """One request to the endpoint."""
        return self._send(method, f"{ENDPOINT}{path}", query or {}, body)


@pytest.fixture(scope="module")
def described(shared: Any) -> Description:
    """The vendor's description."""
    return Description(shared)


@pytest.fixture(scope="module")
def operations(described: Description) -> dict[tuple[str, str], Any]:
    """The listed operations."""
    return described.operations(set(EVERY))


@pytest.fixture(scope="module")
def asked() -> Asked:
    """A site that only reads are sent to."""
    return Asked()


def assert_described(described: Description, operation: Any, answer: httpx.Response) -> None:
    """The status is one that the description has for the operation, and the body is of its schema."""
    responses = operation.definition.raw["responses"]
    code = str(answer.status_code)
    assert code in responses or code == "400", f"{code}: {answer.text[:300]}"
    tag = operation.definition.raw["tags"][0]
    if code == "200":
        assert not described.wrong(tag, answer.json(), many=isinstance(answer.json(), list))
    elif code == "422":
        assert not described.wrong(tag, answer.json())
    elif code in ("400", "500"):
        assert answer.json()["message"]
        assert not described.wrong("HttpError", answer.json())
    else:
        assert code in ("202", "204")
        assert answer.headers["Location"]
        assert not answer.content


def test_every_listed_operation_is_described(operations: dict[tuple[str, str], Any]) -> None:
    """The vendor's file has each route of the list."""
    assert set(operations) == set(EVERY)


@pytest.mark.parametrize("examples", [2, MANY])
@pytest.mark.parametrize(("method", "path"), EVERY, ids=[f"{method} {path}" for method, path in EVERY])
def test_whatever_is_asked_is_answered_as_described(
    described: Description, operations: dict[tuple[str, str], Any], asked: Asked, method: str, path: str, examples: int
) -> None:
    """Requests as the description allows them, with listed and made-up options, get a described answer."""
    operation, site = operations[method, path], Asked() if method == "POST" else asked
    read = READS.get(path.split("/")[1])

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), options=_options(read))
    def one(case: Any, options: dict[str, Any]) -> None:
        names = {name: quote(str(value), safe="") for name, value in (case.path_parameters or {}).items()}
        made_up = {name: value for name, value in (case.query or {}).items() if value is not None}
        query = made_up | {name: value for name, value in options.items() if name in made_up}
        assert_described(described, operation, site.send(method, case.path.format(**names), query, case.body))

    one()


def _options(read: Read | None) -> st.SearchStrategy[dict[str, Any]]:
    if read is None:
        return st.just({})
    several = {
        "$select": st.lists(st.sampled_from(read.fields), min_size=1, max_size=4).map(",".join),
        "$expand": st.lists(st.sampled_from([*read.expand, "files"]), min_size=1, max_size=3).map(",".join),
        "$custom": st.sampled_from([*read.custom, "Document.UsrNothing"]),
        "$top": st.integers(0, 5),
        "$skip": st.integers(0, 5),
    }
    if read.conditions:
        several["$filter"] = st.sampled_from(read.conditions)
    return st.fixed_dictionaries({}, optional=several)


@pytest.mark.parametrize("name", list(READS))
def test_every_listed_field_has_data(
    described: Description, operations: dict[tuple[str, str], Any], asked: Asked, name: str
) -> None:
    """A list, a record by its keys and by its id show each listed field, and one of the records has a value in it."""
    read = READS[name]
    options = {"$select": ",".join((*read.fields, *read.wholes)), "$expand": ",".join(read.expand)}
    rows = _list(asked, name, options)
    assert not described.wrong(name, rows, many=True)
    empty = [path for path in read.fields if not any(_values(row, path.split("/")) for row in rows)]
    assert not empty
    for place in ("/".join(rows[0][key]["value"] for key in read.key), rows[0]["id"]):
        answer = asked.send("GET", f"/{name}/{quote(place)}", options)
        assert_described(described, operations["GET", f"/{name}/{{ids}}"], answer)
        assert answer.status_code == 200
        assert answer.json()["id"] == rows[0]["id"]


def _list(asked: Asked, name: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    answer = asked.send("GET", f"/{name}", options)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    assert rows
    return rows


def _values(record: Any, path: list[str]) -> list[Any]:
    """The values at the end of a path, through collections."""
    if record is None:
        return []
    if isinstance(record, list):
        return [value for one in record for value in _values(one, path)]
    if not path:
        return [record["value"]] if "value" in record else []
    return _values(record.get(path[0]), path[1:])


@pytest.mark.parametrize(
    ("name", "condition"), [(name, one) for name, read in READS.items() for one in read.conditions]
)
def test_every_listed_condition_finds_something(asked: Asked, name: str, condition: str) -> None:
    """A listed condition gives records, and fewer than asked for without `$top`."""
    assert len(_list(asked, name, {"$filter": condition, "$top": 1, "$skip": 0})) == 1


@pytest.mark.parametrize("name", [name for name, read in READS.items() if read.custom])
def test_every_listed_custom_field_has_data(described: Description, asked: Asked, name: str) -> None:
    """A custom field is shown with its type, and one of the records has a value in it."""
    path = READS[name].custom[0]
    rows = _list(asked, name, {"$custom": path})
    assert not described.wrong(name, rows, many=True)
    view, _, field = path.partition(".")
    assert any(row["custom"][view][field].get("value") for row in rows)


@pytest.mark.parametrize("name", list(INQUIRIES))
def test_every_listed_inquiry_has_data(described: Description, asked: Asked, name: str) -> None:
    """An inquiry gives its rows, of the described shape, with values in the columns that are read."""
    inquiry = INQUIRIES[name]
    answer = asked.send("PUT", f"/{name}", {"$expand": inquiry.rows}, inquiry.body)
    assert answer.status_code == 200, answer.text
    assert not described.wrong(name, answer.json())
    rows = answer.json()[inquiry.rows]
    assert not [column for column in inquiry.columns if not any("value" in row[column] for row in rows)]


@pytest.mark.parametrize(("entity", "action"), list(ACTIONS))
def test_every_listed_action_is_done(
    described: Description, operations: dict[tuple[str, str], Any], entity: str, action: str
) -> None:
    """An action is taken with 202 and a place to ask, which answers 204 once it is done."""
    site = Asked()
    named = {"entity": ACTIONS[entity, action], "parameters": {}}
    answer = site.send("POST", f"/{entity}/{action}", body=named)
    assert answer.status_code == 202, answer.text
    assert_described(described, operations["POST", f"/{entity}/{action}"], answer)
    assert site.send("GET", answer.headers["Location"].removeprefix(ENDPOINT)).status_code == 204


def test_own_description_is_part_of_the_vendors(described: Description, asked: Asked) -> None:
    """What the site says of itself (`swagger.json`) has no path, operation or field that the vendor's file lacks."""
    own = asked.send("GET", "/swagger.json").json()
    for path, methods in own["paths"].items():
        for method, one in methods.items():
            assert one["operationId"] == described.whole["paths"][path][method]["operationId"]
    wrong: list[str] = []
    for name in {path.split("/")[1] for path in own["paths"]}:
        wrong += _unlike(described, own["components"]["schemas"], name, name, name)
    assert not wrong


def _unlike(described: Description, own: dict[str, Any], name: str, theirs: str, path: str) -> list[str]:
    known, wrong = described.properties(theirs), []
    for field, current in own[name]["allOf"][1]["properties"].items():
        if field not in known:
            wrong.append(f"{path}/{field}")
            continue
        mine, other = (_target(one) for one in (current, known[field]))
        if mine in own and "allOf" in own[mine]:
            wrong += _unlike(described, own, mine, other, f"{path}/{field}")
        elif (mine, "items" in current) != (other, "items" in known[field]):
            wrong.append(f"{path}/{field}: {mine}, not {other}")
    return wrong


def _target(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref") or schema.get("items", {}).get("$ref", "")).rpartition("/")[2]
