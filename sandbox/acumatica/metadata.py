"""`$metadata` and the service document of the OData services, generated from the served tables."""

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

from sandbox.acumatica.tables import Field, Table

EDMX = {"4.0": "http://docs.oasis-open.org/odata/ns/edmx", "3.0": "http://schemas.microsoft.com/ado/2007/06/edmx"}
EDM = {"4.0": "http://docs.oasis-open.org/odata/ns/edm", "3.0": "http://schemas.microsoft.com/ado/2009/11/edm"}


def csdl(tables: Iterable[Table], version: str) -> str:
    """Return the EDMX document that describes the tables in this OData version ("3.0" or "4.0")."""
    several = list(tables)
    spaces = sorted({table.type_name.rpartition(".")[0] for table in several})
    schemas = "".join(_schema(space, several, version) for space in spaces)
    sets = "".join(_entity_set(table, version) for table in several)
    container = (
        f'<Schema Namespace="Default" xmlns="{EDM[version]}"><EntityContainer Name="Default">{sets}</EntityContainer>'
        "</Schema>"
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="{"4.0" if version == "4.0" else "1.0"}" '
        f'xmlns:edmx="{EDMX[version]}"><edmx:DataServices>{schemas}{container}</edmx:DataServices></edmx:Edmx>'
    )


def _schema(space: str, tables: Iterable[Table], version: str) -> str:
    types = "".join(_type(table, version) for table in tables if table.type_name.rpartition(".")[0] == space)
    return f'<Schema Namespace={quoteattr(space)} xmlns="{EDM[version]}">{types}</Schema>'


def _type(table: Table, version: str) -> str:
    keys = "".join(f'<PropertyRef Name="{name}"/>' for name in table.key)
    columns = "".join(_property(one, one.name in table.key, version) for one in table.fields.values())
    links = "".join(
        f'<NavigationProperty Name="{name}" Type={quoteattr(_target(link.table().type_name, link.many))}/>'
        for name, link in table.links.items()
    )
    name = table.type_name.rpartition(".")[2]
    return f'<EntityType Name="{name}"><Key>{keys}</Key>{columns}{links}</EntityType>'


def _target(type_name: str, many: bool) -> str:
    return f"Collection({type_name})" if many else type_name


def _property(one: Field, key: bool, version: str) -> str:
    kind = "DateTime" if version == "3.0" and one.kind == "DateTimeOffset" else one.kind
    return f'<Property Name="{one.name}" Type="Edm.{kind}"{" Nullable=" + quoteattr("false") if key else ""}/>'


def _entity_set(table: Table, version: str) -> str:
    bindings = "".join(
        f'<NavigationPropertyBinding Path="{name}" Target="{link.table().name}"/>' for name, link in table.links.items()
    )
    notes = _not_filterable([one.name for one in table.fields.values() if one.computed]) if version == "4.0" else ""
    return f'<EntitySet Name={quoteattr(table.name)} EntityType="{table.type_name}">{bindings}{notes}</EntitySet>'


def _not_filterable(names: list[str]) -> str:
    paths = "".join(f"<PropertyPath>{name}</PropertyPath>" for name in names)
    values = f'<PropertyValue Property="NonFilterableProperties"><Collection>{paths}</Collection></PropertyValue>'
    term = "Org.OData.Capabilities.V1.FilterRestrictions"
    return f'<Annotation Term="{term}"><Record>{values}</Record></Annotation>' if names else ""


def service_document(tables: Mapping[str, Table], context: str) -> dict[str, object]:
    """Return the list of entity sets for these tables and this address of `$metadata`."""
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in tables]
    return {"@odata.context": context, "value": sets}
