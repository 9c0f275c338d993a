"""The root of every fault that ends a run or a command, and that a person can fix or wait for.

    ConnectorError
    ├── AcumaticaFault          connector.acumatica.errors: its tree is drawn there
    ├── MagentoFault            connector.magento.errors: its tree is drawn there
    ├── StateError              the state database cannot be used; SchemaUnknown: a newer version has changed it
    ├── LeaseLost               another run works on the entity by now; StateUpgraded: so does a newer version
    ├── ConfigurationConflict   the shop cannot show what the settings ask for
    └── ShopUnreachable         the whole connection to Magento is down

`settings.SettingsError` stands beside it, because the settings know nothing of the house. What is wrong with one record
is `connector.model.failures.Rejected`: it fails a message and ends nothing.
"""

from __future__ import annotations

from typing import ClassVar


class ConnectorError(Exception):
    """A fault of a whole run or command. `str()` is a sentence for people.

    exit_code: of a command that ends by it. is_transient: it usually passes by itself.
    """

    exit_code: ClassVar[int] = 1
    is_transient: ClassVar[bool] = False
