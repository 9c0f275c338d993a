"""Contacts and addresses: the linked objects of customers and documents, and the entity Contact.

A company's main contact has the company's name and no first or last name, as recorded; persons are separate contacts.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.acumatica.document_types import Contact, Customer, Party
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import Row, blank, constants, entries, flags, guids, moments, no, numbers, texts
from sandbox.acumatica.records import Entity, Part, linked
from sandbox.acumatica.tables import Field, Table, fields

ADDRESS_NAMES = ("AddressLine1", "AddressLine2", "City", "Country", "PostalCode", "State")
PERSON_NAMES = (
    "Attention",
    "Email",
    "Fax",
    "FirstName",
    "JobTitle",
    "LastName",
    "MiddleName",
    "Phone1",
    "Phone1Type",
    "Phone2",
    "Phone2Type",
    "Title",
    "WebSite",
)
COMPANY_NAMES = ("CompanyName", "FullName")
CONTACT_NAMES = (*PERSON_NAMES, *COMPANY_NAMES, "DisplayName", "Phone3", "Phone3Type")
DOCUMENT_CONTACT = ("Attention", "BusinessName", "Email", "Phone1")
TYPES: Row = {"Phone1Type": "Business 1", "Phone2Type": "Cell"}
GRAPH = "PX.Objects.CR.ContactMaint"


def _plain(names: Iterable[str]) -> list[Field]:
    return entries(**dict.fromkeys(names, "String"))


def _contact_text(name: str) -> Callable[[Any], Any]:
    return lambda contact: contact.fields.get(name, TYPES.get(name))


def display_name(contact: Contact) -> str:
    """Return the name under which a contact is listed: the person's, "Last, First", else the company's."""
    last, first = (str(contact.fields.get(name) or "") for name in ("LastName", "FirstName"))
    whole = ", ".join(part for part in (last, first) if part)
    return str(contact.fields.get("DisplayName") or whole or contact.fields.get("CompanyName") or "")


ADDRESS = fields(*_plain(ADDRESS_NAMES))
PERSON = fields(
    *texts(**{name: _contact_text(name) for name in PERSON_NAMES}, DisplayName=display_name),
    *numbers(ContactID=lambda contact: contact.number),
)
MAIN = PERSON | fields(*texts(**{name: _contact_text(name) for name in COMPANY_NAMES}))


def address_part() -> Part:
    """Return the address of a contact."""
    return Part(ADDRESS, lambda contact: [contact.address], many=False)


def contact_part(get: Callable[[Any], Contact | None], columns: Mapping[str, Field] = PERSON) -> Part:
    """Return the contact that `get` finds as a linked object with its address."""
    return Part(columns, lambda row: filter(None, [get(row)]), many=False, parts={"Address": address_part()})


def party_parts(get: Callable[[Any], Party], prefix: str) -> dict[str, Part]:
    """Return `{prefix}Address` and `{prefix}Contact` of the document's party that `get` finds."""
    contact = fields(*_plain(DOCUMENT_CONTACT))
    return {
        f"{prefix}Address": Part(ADDRESS, lambda row: [get(row).address], many=False),
        f"{prefix}Contact": Part(contact, lambda row: [get(row).contact], many=False),
    }


def party_of(customer: Customer, contact: Contact) -> Party:
    """Return the party that a new document copies from a customer and one of its contacts."""
    held = contact.fields
    names = {"Attention": held.get("Attention"), "Email": held.get("Email"), "Phone1": held.get("Phone1")}
    return Party({"BusinessName": held.get("CompanyName") or customer.name, **names}, dict(contact.address))


def contact_entity(documents: Documents) -> Entity:
    """Return the entity Contact: the persons of all customers."""
    rows = documents.state.remembered(
        lambda: sorted(
            ((person, customer) for customer in documents.customers.rows() for person in customer.persons),
            key=lambda pair: pair[0].number,
        )
    )
    parts = {"Address": Part(ADDRESS, lambda pair: [pair[0].address], many=False)}
    columns = {name: Field(name, one.kind, _of_first(one.get)) for name, one in MAIN.items()} | fields(
        *flags(Active=lambda pair: True),
        *texts(BusinessAccount=lambda pair: pair[1].code, Status=lambda pair: "Open"),
        *guids(NoteID=lambda pair: pair[0].note_id),
        *moments(LastModifiedDateTime=lambda pair: pair[0].modified),
        *constants(blank("ContactClass ContactMethod Owner ParentAccount Source") | {"Type": "Contact"}),
        *constants(no("DoNotCall DoNotEmail DoNotFax DoNotMail NoMarketing NoMassMail OverrideAccountAddress")),
    )
    table = Table("Contact", "Contact", ("ContactID",), columns, rows, links=linked("Contact", parts))
    form = ("Contacts", "CR302000")
    return Entity("Contact", table, GRAPH, "Contact", lambda pair: str(pair[0].note_id), parts, form=form)


def _of_first(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda pair: get(pair[0])
