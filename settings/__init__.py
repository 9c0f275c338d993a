"""Setup Parameters: every setting of the connector, one file per section of the screen."""

from settings.reading import SettingsError, all_fields, load_settings, masked, setting_name, where_from
from settings.screen import Settings, home_folder, settings_file

__all__ = [
    "Settings",
    "SettingsError",
    "all_fields",
    "home_folder",
    "load_settings",
    "masked",
    "setting_name",
    "settings_file",
    "where_from",
]
