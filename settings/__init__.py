"""Setup Parameters: every setting of the connector, one file per section of the screen."""

from settings.declare import Setting, setting_name
from settings.errors import SettingsError, SettingsMissing
from settings.form import as_form, form, from_form
from settings.labels import as_on_the_screen
from settings.load import load_settings, masked, shown_value
from settings.locations import Saved, database_url, home_folder, settings_file
from settings.origin import origins, where_from
from settings.save import to_save
from settings.settings import Settings, all_settings, sections

__all__ = [
    "Saved",
    "Setting",
    "Settings",
    "SettingsError",
    "SettingsMissing",
    "all_settings",
    "as_form",
    "as_on_the_screen",
    "database_url",
    "form",
    "from_form",
    "home_folder",
    "load_settings",
    "masked",
    "origins",
    "sections",
    "setting_name",
    "settings_file",
    "shown_value",
    "to_save",
    "where_from",
]
