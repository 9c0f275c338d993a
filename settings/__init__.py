"""Setup Parameters: every setting of the connector, one file per section of the screen."""

from settings.form import as_form, form, from_form
from settings.reading import (
    SettingsError,
    all_fields,
    database_url,
    load_settings,
    masked,
    setting_name,
    where_from,
)
from settings.saving import in_force_as_json, to_save
from settings.screen import Saved, Settings, home_folder, settings_file
from settings.words import as_on_the_screen

__all__ = [
    "Saved",
    "Settings",
    "SettingsError",
    "all_fields",
    "as_form",
    "as_on_the_screen",
    "database_url",
    "form",
    "from_form",
    "home_folder",
    "in_force_as_json",
    "load_settings",
    "masked",
    "setting_name",
    "settings_file",
    "to_save",
    "where_from",
]
