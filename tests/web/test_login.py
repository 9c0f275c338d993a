"""Who is let in: by password, by a proxy, and on this machine without either."""

from datetime import timedelta

import pytest
from support.workspace import HERE, PASSWORD

from app.roles import Role
from app.users import change_password
from connector.state.operator import users
from web.security.attempts import WINDOW
from web.security.entrance import NotServed


def test_on_this_machine_nobody_logs_in(site):
    """Without users, whoever is at this machine is an administrator."""
    assert site.get("/").status_code == 200
    assert site.get("/login").headers["location"] == "/"
    assert "Price is paused." in site.act("/pause", entity="price")
    assert [(one.who, one.action) for one in site.done()] == [("this machine", "pause")]


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "::"])
def test_on_another_address_it_refuses_to_start_without_users(make_site, site, address):
    """The message says what to do; with a user, or a proxy that says who is there, it starts."""
    with pytest.raises(NotServed, match="a2m user add"):
        make_site(address=address)
    make_site(address=address, proxy_header="X-User", proxy_addresses=("192.0.2.1",))
    site.add_user()
    make_site(address=address)


def test_a_login(site):
    """A user comes to the page that was asked for, under a new cookie that no script reads, until the session ends."""
    site.add_user()
    wanted = site.get("/?entity=price")
    assert wanted.headers["location"] == "/login?next=/%3Fentity%3Dprice"
    before = site.browser.get(wanted.headers["location"]).cookies
    answer = site.log_in(next="/?entity=price")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?entity=price")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert site.browser.cookies["a2m_8086"] != before["a2m_8086"]
    assert "anna" in site.get("/").text
    site.wait(timedelta(hours=12))
    assert site.get("/").status_code == 303
    assert [(one.who, one.action) for one in site.done()] == [("anna", "login")]


def test_the_cookie_goes_over_tls_only(site):
    """Where browsers speak TLS, the cookie is for TLS alone."""
    site.add_user()
    with site.another_browser(base_url="https://localhost:8086") as browser:
        assert "Secure" in browser.get("/login").headers["set-cookie"]


def test_logging_out(site):
    """The session is over at once, also for a copy of the cookie."""
    site.add_user()
    site.log_in()
    token = site.browser.cookies["a2m_8086"]
    site.post("/logout")
    site.browser.cookies.clear()
    site.browser.cookies.set("a2m_8086", token, domain="localhost.local")
    assert site.get("/").status_code == 303


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_login_leads_nowhere_else(site, elsewhere):
    """An address that somebody else has put into the link is not gone to."""
    site.add_user()
    assert site.log_in(next=elsewhere).headers["location"] == "/"


def test_wrong_passwords_have_to_wait(site):
    """After five failures the same name from the same address waits, the right password too; others do not, and after a
    while it may be tried again. A name that does not exist is answered like one that does.
    """
    site.add_user()
    answers = [site.log_in("anna" if number % 2 else "nobody", "wrong") for number in range(10)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.replace("anna", "X").replace("nobody", "X") for answer in answers}) == 1
    waits = site.log_in()
    assert waits.status_code == 429
    assert "Try again in 15 minutes." in waits.text
    elsewhere = site.another_browser("192.0.2.9")
    mine, site.browser = site.browser, elsewhere
    assert site.log_in().status_code == 303
    site.browser = mine
    site.wait(WINDOW)
    assert site.log_in().status_code == 303
    assert [one.action for one in site.done()].count("login.refused") == 10


def test_an_address_that_tries_many_names_has_to_wait(site):
    """Twenty failures of one address are enough, whatever the names."""
    site.add_user()
    for number in range(20):
        site.workspace.attempts.failed(f"name {number}", "127.0.0.1", site.now)
    assert site.log_in().status_code == 429


def test_another_password_and_a_removed_user_end_sessions(site):
    """Whoever is logged in is out at once."""
    site.add_user()
    site.add_user("bert")
    site.log_in()
    change_password(site.state, "anna", "quite another password", site.now)
    assert site.get("/").status_code == 303
    assert site.log_in(password="quite another password").status_code == 303
    users.remove(site.state, "anna")
    assert site.get("/").status_code == 303


class TestBehindAProxy:
    """A proxy says who is there, in a header that counts from its address alone."""

    PROXY = "192.0.2.1"

    @pytest.fixture
    def proxied(self, make_site):
        """A workspace behind a proxy, in which those that it names may look."""
        return make_site(
            address="0.0.0.0",
            allowed_hosts=("connector.example",),
            proxy_header="X-Remote-User",
            proxy_addresses=(self.PROXY,),
        )

    def ask(self, proxied, address, **headers):
        """Open the Overview through the proxy, or beside it."""
        browser = proxied.another_browser(address, "http://connector.example")
        return browser.get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})

    def test_the_proxy_says_who_is_there(self, proxied, connected):
        """Somebody who is no user looks; a user has the user's role."""
        assert "Pause" not in self.ask(proxied, self.PROXY, X_Remote_User="carl").text
        proxied.add_user("anna", Role.ADMINISTRATOR)
        assert "Pause" in self.ask(proxied, self.PROXY, X_Remote_User="anna").text

    def test_nobody_else_says_so(self, proxied):
        """From another address the header is worth nothing."""
        assert self.ask(proxied, "192.0.2.2", X_Remote_User="anna").status_code == 303
        assert self.ask(proxied, self.PROXY).status_code == 303

    def test_others_may_be_refused(self, make_site):
        """By setting, those who are no users do not come in."""
        site = make_site(
            allowed_hosts=("connector.example",),
            proxy_header="X-Remote-User",
            proxy_addresses=(self.PROXY,),
            proxy_role="none",
        )
        assert self.ask(site, self.PROXY, X_Remote_User="carl").status_code == 303

    def test_the_proxy_speaks_tls(self, proxied):
        """The cookie is for TLS alone where the proxy says that the browser speaks it."""
        answer = self.ask(proxied, self.PROXY, X_Remote_User="carl", X_Forwarded_Proto="https")
        assert "Secure" in answer.headers["set-cookie"]
        assert "Secure" not in self.ask(proxied, "192.0.2.2", X_Forwarded_Proto="https").headers.get("set-cookie", "")

    def test_attempts_are_counted_by_the_browsers_address(self, proxied):
        """The proxy's own address is not to blame for all of them."""
        proxied.add_user("anna", Role.ADMINISTRATOR)
        browser = proxied.another_browser(self.PROXY, "http://connector.example")
        for number in range(20):
            proxied.workspace.attempts.failed(f"name {number}", "203.0.113.5", proxied.now)
        page = browser.get("/login").text
        token = page.partition('name="form_token" value="')[2][:64]
        given = {"form_token": token, "name": "anna", "password": PASSWORD}
        answers = [
            browser.post(
                "/login", data=given, headers={"Origin": "http://connector.example", "X-Forwarded-For": address}
            )
            for address in ("203.0.113.5", "203.0.113.6")
        ]
        assert [answer.status_code for answer in answers] == [429, 303]


def test_nothing_secret_is_shown(site):
    """Neither a password nor a token's content stands in a page, an address or the audit."""
    site.add_user()
    answer = site.log_in("anna", "the wrong password")
    assert "the wrong password" not in answer.text
    site.log_in()
    cookie = site.browser.cookies["a2m_8086"]
    assert cookie not in site.get("/").text
    assert not [one for one in site.done() if "password" in one.text or cookie in one.text]
    with site.state.read() as connection:
        (kept,) = users.all_users(connection)
    assert kept.password.startswith("$argon2id$")
    assert HERE.startswith("http://localhost")
