"""Setup Parameters: every setting of the connector, one file per section of the screen."""

from settings.reading import (
    SettingsError,
    all_fields,
    database_url,
    load_settings,
    masked,
    setting_name,
    where_from,
)
from settings.saving import to_save
from settings.screen import Saved, Settings, home_folder, settings_file

__all__ = [
    "Saved",
    "Settings",
    "SettingsError",
    "all_fields",
    "database_url",
    "home_folder",
    "load_settings",
    "masked",
    "setting_name",
    "settings_file",
    "to_save",
    "where_from",
]
