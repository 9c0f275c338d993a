"""What is held for every route of the workspace, whoever adds it: each is tried."""

import pytest
from starlette.routing import Route
from support.workspace import HERE, Site

from app.roles import Role

OPEN = {("GET", "/login"), ("GET", "/healthz"), ("GET", "/readyz")}
WITHOUT_ROLE = {"/login", "/logout"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": HERE}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"


def routes(site: Site) -> list[tuple[str, str]]:
    """Every method and path that there is."""
    found = [(method, one.path) for one in site.app.routes if isinstance(one, Route) for method in one.methods or ()]
    assert len([one for one in found if one[0] == "POST"]) >= 5
    return found


@pytest.fixture
def guarded(make_site, site):
    """A workspace that has users, and in which nobody is logged in."""
    site.add_user()
    site.add_user("victor", Role.VIEWER)
    return make_site()


def test_no_page_without_a_login(guarded):
    """Where there are users, every page but the login sends a stranger there and shows nothing; no figures."""
    for method, path in routes(guarded):
        if method in ("GET", "HEAD"):
            answer = guarded.browser.request(method, path)
            if ("GET", path) in OPEN:
                assert answer.status_code == 200, path
            elif path == "/metrics":
                assert answer.status_code == 401
                assert "a2m_" not in answer.text
            else:
                assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
                assert answer.text == ""


def test_no_action_without_a_login(guarded):
    """A stranger who has a form's token of the login page can do nothing with it but log in."""
    token = guarded.token("/login")
    for method, path in routes(guarded):
        if method == "POST" and path != "/login":
            answer = guarded.browser.post(path, data={"form_token": token}, headers=FORM)
            assert answer.status_code == 401, path
    assert guarded.done() == []


def test_no_action_without_its_token(site):
    """Without the token that the page's form holds, with another one's or without a cookie, nothing is done."""
    other = site.token()
    site.browser.cookies.clear()
    site.get("/")
    without_a_cookie = site.another_browser()
    for method, path in routes(site):
        if method == "POST":
            for given in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": other}):
                assert site.browser.post(path, data=given, headers=FORM).status_code == 403, path
            assert without_a_cookie.post(path, data={"form_token": other}, headers=FORM).status_code == 403, path
            assert site.browser.post(path, json={"form_token": other}, headers={"Origin": HERE}).status_code == 415
    assert site.done() == []


def test_a_foreign_host(site):
    """Under a name that is not ours nothing is answered, also on this machine: somebody could make the name point here
    (DNS rebinding).
    """
    for method, path in [*routes(site), ("GET", "/static/style.css"), ("GET", "/nowhere")]:
        for host in ("evil.example", "localhost:9999", "localhost", "127.0.0.1:8086.evil.example", ""):
            answer = site.browser.request(method, path, headers={**FORM, "Host": host})
            assert answer.status_code == 403, (path, host)
            assert "form" not in answer.text


def test_a_foreign_origin(site):
    """A page of somebody else's can do nothing here, not even with a good token; nor can what does not say where it
    comes from.
    """
    token = site.token()
    for origin in ("https://evil.example", "http://localhost:3000", "null", "http://localhost:8086.evil.example", None):
        headers = {name: value for name, value in {**FORM, "Origin": origin}.items() if value is not None}
        for method, path in routes(site):
            if method == "POST":
                answer = site.browser.post(path, data={"form_token": token}, headers=headers)
                assert answer.status_code == 403, (path, origin)
    assert site.done() == []


def test_a_viewer_only_looks(guarded):
    """A viewer sees every page and no button of an action, and no action is done for a viewer."""
    guarded.log_in("victor")
    token = guarded.token()
    before = guarded.done()
    for method, path in routes(guarded):
        if method == "POST" and path not in WITHOUT_ROLE:
            answer = guarded.browser.post(path, data={"form_token": token}, headers=FORM)
            assert answer.status_code == 403, path
            assert "victor may look, and not act" in answer.text
        elif method == "GET" and "{" not in path and path != "/login":
            text = guarded.get(path).text
            assert {part.partition('"')[0] for part in text.split('method="post" action="')[1:]} <= WITHOUT_ROLE
    assert guarded.done() == before


def test_what_every_answer_carries(site):
    """No script but ours, no frame, no address given away, nothing kept: on pages, files, refusals and what is not
    there.
    """
    answers = [site.get(path) for method, path in routes(site) if method == "GET"]
    answers += [site.get("/nowhere"), site.get("/static/style.css"), site.get("/", headers={"Host": "evil.example"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(POLICY)
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "server" not in answer.headers
        kept = "no-cache" if answer.request.url.path.startswith("/static/") else "no-store"
        assert answer.headers["cache-control"] == kept
    for answer in answers:
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
        assert " onclick=" not in answer.text


def test_a_mistake_of_ours(site, monkeypatch):
    """A page that breaks says no more than that, and is as closed to others as any."""
    monkeypatch.setattr("web.pages.overview.entity_statuses", lambda *_given: 1 / 0)
    browser = site.another_browser(raise_server_exceptions=False)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "stands in its log" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["content-security-policy"].startswith(POLICY)


def test_every_page_is_whole(site):
    """Each page has a title, a heading, its language, and a link that skips to its content."""
    pages = [site.get(path) for method, path in routes(site) if method == "GET"]
    pages = [one for one in pages if one.status_code == 200 and one.headers["content-type"].startswith("text/html")]
    assert len(pages) >= 2
    for page in pages:
        for part in ('<html lang="en">', "<title>", "<h1", 'href="#main"', '<main id="main"'):
            assert part in page.text, (page.url, part)
