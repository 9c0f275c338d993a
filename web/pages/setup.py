"""Setup Parameters: a page for each section, and the saved versions, which can be compared and restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from app.change_settings import (
    SavedMeanwhile,
    changes,
    restore,
    save,
    save_secrets,
    settings_after_save,
    settings_of_version,
)
from connector.state.operator import saved_settings
from entities.names import NAMES
from settings import Setting, SettingsError, all_settings, as_form, as_on_the_screen, from_form, sections
from settings.declare import sections_of
from settings.kinds import ListOf
from settings.offers import offer_of, offers_of
from settings.settings import Settings
from web.fields import EMPTY_ROWS, Answers, Field, answers_of, changed, fields_of, settings_in
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted

SHOWN = 100
"""How many versions the history shows."""
ABOUT = {name: (model.__doc__ or "").strip().split("\n\n")[0] for name, model in sections_of(Settings)}


@dataclass(frozen=True)
class Problem:
    """A problem outside the fields of the page that prevents saving. `setting`: the setting to correct first."""

    text: str
    setting: Setting | None = None

    @property
    def entity_that_may_wait(self) -> str:
        """The entity whose own section lacks something, such as warehouses; empty if there is none.

        It may be switched off for now, because names are only suggested once both systems are connected.
        """
        return self.setting.section if self.setting is not None and self.setting.section in NAMES else ""


def show_sections(visit: Visit) -> Response:
    """Show every section, with missing settings and those that differ from their defaults."""
    here = visit.here
    missing = here.settings.missing()
    found = []
    for name, title in sections().items():
        fields = fields_of(name, here.settings, here.saved)
        found.append(
            {
                "name": name,
                "title": title,
                "about": ABOUT[name],
                "set": [one.setting.label for one in fields if one.origin != "default"],
                "missing": [one.setting.label for one in fields if one.setting.name in missing],
            }
        )
    return visit.render("setup.html", sections=found, is_whole=not missing)


def show_section(visit: Visit) -> Response:
    """Show one section with the effective values."""
    section = _section(visit)
    here = visit.here
    return _page(visit, section, fields_of(section, here.settings, here.saved), here.version)


def _page(
    visit: Visit,
    section: str,
    fields: list[Field],
    version: int,
    *,
    problems: Sequence[Problem] = (),
    why: str = "",
    status: int = 200,
    preview: str = "",
) -> Response:
    return visit.render(
        "setup_section.html",
        status=status,
        section=section,
        title=sections()[section],
        sections=sections(),
        about=ABOUT[section],
        fields=fields,
        version=version,
        problems=problems,
        missing=visit.here.settings.missing(),
        has_offers=bool(offers_of(section)) and not visit.here.settings.missing() and visit.visitor.may_act(),
        why=why,
        empty_rows=EMPTY_ROWS,
        preview_name=preview,
        preview=visit.workspace.previews.get(preview),
    )


def show_preview(visit: Visit) -> Response:
    """Show the progress of a preview, or its result."""
    name = str(visit.request.path_params["name"])
    preview = visit.workspace.previews.get(name)
    if preview is None:
        raise HTTPException(404)
    return visit.render("preview_now.html" if visit.is_part else "preview.html", preview=preview, preview_name=name)


def show_choices(visit: Visit) -> Response:
    """Return the suggestions for the fields of a section, which the page requests after it has been loaded."""
    section, here = _section(visit), visit.here
    if here.settings.missing() or not visit.visitor.may_act():
        return HTMLResponse("")
    found = visit.workspace.offers.of(section, here.settings, here.state, visit.now)
    lists = [
        (setting.field, found.lists[offer])
        for setting in settings_in(section)
        if isinstance(setting.kind, ListOf) and (offer := offer_of(section, setting.field)) in found.lists
    ]
    return visit.render("choices.html", section=section, choices=found, lists=lists)


def _save(visit: Visit) -> Done | Response:
    """Save what was changed on the page and nothing else, or show the page again with its errors."""
    section, form = _section(visit), visit.form
    answers = answers_of(section, form)
    why = form.get("why", "").strip()[:500]
    version = _number(form.get("version", ""))
    here = visit.here
    back = f"/setup/{section}"
    if "rows" in form:
        return _again(visit, section, answers, version, [], why, 200)
    if answers.errors:
        return _again(visit, section, answers, version, [], why, 422)
    meant: Mapping[str, Any] = {}
    try:
        wanted = changed(section, answers.filled, _shown(visit, version))
        meant = {name: value for name, value in from_form({section: wanted}).get(section, {}).items() if name in wanted}
        if "preview" in form:
            after = settings_after_save(here, {section: meant})
            preview = visit.workspace.previews.begin(here.settings, after, here.state)
            return _again(visit, section, answers, version, [], why, 200, preview=preview)
        later = [name for name in NAMES if form.get("later") == name]
        asked = {section: meant, **({"active": dict.fromkeys(later, False)} if later else {})}
        saved = save(here, asked, after=version, who=visit.visitor.name, why=why, moment=visit.now)
    except SavedMeanwhile:
        return _saved_by_another(visit, section, answers, version, why)
    except SettingsError as error:
        answers.errors, problems = _errors_by_field(section, meant, error)
        return _again(visit, section, answers, version, problems, why, 422)
    texts = [] if saved is None else [f"Saved as version {saved.number}: {saved.summary}.", *_show_in_prefect(visit)]
    if answers.secrets:
        texts.append(_save_secrets(visit, section, answers.secrets, back))
    if not texts:
        raise Refused("Nothing was changed.", back)
    return Done(" ".join(texts), back)


def _show_in_prefect(visit: Visit) -> list[str]:
    """Update Prefect's form with the effective values; return a message if that fails."""
    try:
        visit.workspace.runs.show_settings(as_form(visit.workspace.here().settings))
    except NotStarted as why:
        return [str(why)]
    return []


def _shown(visit: Visit, version: int) -> Settings:
    """Return the settings as the page showed them."""
    here = visit.here
    return here.settings if version == here.version else settings_of_version(here, version)


def _saved_by_another(visit: Visit, section: str, answers: Answers, version: int, why: str) -> Response:
    """Show the page again because somebody else has saved meanwhile, with who and what.

    The visitor's own changes are kept in the fields. Saving again changes only these.
    """
    here = visit.workspace.here()
    with here.state.read() as connection:
        newest = saved_settings.newest(connection)
    assert newest is not None
    mine = changed(section, answers.filled, _shown(visit, version))
    problem = (
        f"{newest.saved_by} saved version {newest.number} meanwhile: {newest.summary}. Nothing of yours is saved yet. "
        "Below are the current values with your changes; check them and save again."
    )
    fields = fields_of(section, here.settings, here.saved, filled=mine)
    return _page(visit, section, fields, newest.number, problems=[Problem(problem)], why=why, status=409)


def _again(
    visit: Visit,
    section: str,
    answers: Answers,
    version: int,
    problems: Sequence[Problem],
    why: str,
    status: int,
    *,
    preview: str = "",
) -> Response:
    """Show the page again as it was filled in, except for secrets, which have to be entered again."""
    here = visit.here
    labels = [setting.label for setting in settings_in(section) if answers.secrets.get(setting.field)]
    if labels:
        problems = [*problems, Problem(f"Type {', '.join(labels)} again: no page holds a secret.")]
    fields = fields_of(section, here.settings, here.saved, filled=answers.filled, errors=answers.errors)
    return _page(visit, section, fields, version, problems=problems, why=why, status=status, preview=preview)


def _save_secrets(visit: Visit, section: str, secrets: Mapping[str, str | None], back: str) -> str:
    labels = {setting.field: setting.label for setting in settings_in(section)}
    try:
        save_secrets(visit.workspace.here(), {section: secrets})
    except (SettingsError, OSError) as error:
        raise Refused(f"The secrets were not saved: {as_on_the_screen(str(error))}", back) from error
    set_ones = [labels[name] for name, value in secrets.items() if value is not None]
    gone = [labels[name] for name, value in secrets.items() if value is None]
    texts = [f"{', '.join(set_ones)} saved in the settings file." if set_ones else ""]
    texts.append(f"{', '.join(gone)} taken out of the settings file." if gone else "")
    return " ".join(text for text in texts if text)


def _errors_by_field(
    section: str, meant: Mapping[str, Any], error: SettingsError
) -> tuple[dict[str, str], list[Problem]]:
    """Return the errors by field, without the values that the fields show, and the errors of other settings."""
    names = {setting.name: setting.field for setting in settings_in(section)}
    errors: dict[str, str] = {}
    others: list[Problem] = []
    for line in str(error).splitlines():
        name = line.partition(" ")[0].partition("[")[0].rstrip(":")
        if name in names:
            field = names[name]
            text = line.removeprefix(name).removeprefix(f" = {meant.get(field)!r}").lstrip(" =:")
            errors[field] = f"{errors.get(field, '')} {text[:1].upper()}{text[1:]}".strip()
        else:
            elsewhere = next((setting for setting in all_settings() if setting.name == name), None)
            others.append(Problem(as_on_the_screen(line), elsewhere))
    return errors, others


def show_history(visit: Visit) -> Response:
    """Show the versions, the newest first."""
    with visit.workspace.state.read() as connection:
        versions = saved_settings.history(connection, SHOWN)
    return visit.render("setup_history.html", versions=versions, times=visit.times)


def show_version(visit: Visit) -> Response:
    """Show the changes of a version, and what restoring it would change."""
    here, number = visit.here, _number(visit.request.path_params["number"])
    with here.state.read() as connection:
        version = saved_settings.of_number(connection, number)
    if version is None and number != 0:
        raise HTTPException(404)
    at_that_time = settings_of_version(here, number)
    return visit.render(
        "setup_version.html",
        number=number,
        version=version,
        made=changes(settings_of_version(here, number - 1), at_that_time) if number else [],
        would=changes(here.settings, at_that_time),
        newest=here.version,
        times=visit.times,
    )


def _restore(visit: Visit) -> Done:
    number, after = _number(visit.form.get("number", "")), _number(visit.form.get("version", ""))
    back = f"/setup/history/{number}"
    why = visit.form.get("why", "").strip()[:500]
    try:
        saved = restore(visit.here, number, after=after, who=visit.visitor.name, why=why, moment=visit.now)
    except SavedMeanwhile as error:
        raise Refused(f"Nothing was restored. {error}", back) from error
    except SettingsError as error:
        raise Refused(f"Nothing was restored. {as_on_the_screen(str(error))}", back) from error
    if saved is None:
        raise Refused("Nothing was restored: these values count already.", back)
    texts = [f"Version {number} is restored as version {saved.number}: {saved.summary}.", *_show_in_prefect(visit)]
    return Done(" ".join(texts), "/setup/history")


def _section(visit: Visit) -> str:
    section = str(visit.request.path_params["section"])
    if section not in sections():
        raise HTTPException(404)
    return section


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


ROUTES = (
    page("/setup", show_sections),
    page("/setup/history", show_history),
    page("/setup/history/{number}", show_version),
    page("/setup/preview/{name}", show_preview),
    page("/setup/{section}", show_section),
    page("/setup/{section}/choices", show_choices),
    action("/setup/history/restore", _restore, code="setup.restore"),
    action("/setup/{section}", _save, code="setup.save"),
)
