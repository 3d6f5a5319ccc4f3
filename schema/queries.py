# ruff: noqa: A002 - `input`, `filter` and `id` are the schema's words
"""The query root. A root is null only together with an error, or where "no such thing" is an answer."""

import asyncio
from typing import Annotated, Any

import strawberry

from slotgraph.core.clock import minute_ceiling, minute_from_instant
from slotgraph.core.errors import BadInput, SupportExcluded
from slotgraph.core.overview import OverviewQuery
from slotgraph.core.policy import Action
from slotgraph.core.store.bookings import BookingFilter as Which
from slotgraph.schema import ids
from slotgraph.schema.guard import On, Subject, object_type, refusal, resolved
from slotgraph.schema.inputs.bookings import BookingFilter, BookingRef
from slotgraph.schema.inputs.searches import ExplainSlotInput, FirstFreeInput, OverviewInput, SlotSearchInput
from slotgraph.schema.limits import MAX_NODES
from slotgraph.schema.own import own_company
from slotgraph.schema.types.accounts import CalendarProvider
from slotgraph.schema.types.bookings import Booking, BookingConnection
from slotgraph.schema.types.by_id import node_by_id
from slotgraph.schema.types.companies import Company
from slotgraph.schema.types.explanations import SlotExplanation
from slotgraph.schema.types.nodes import After, First, Info, Node
from slotgraph.schema.types.overview import Overview
from slotgraph.schema.types.pages import minute_key, page_of, place
from slotgraph.schema.types.slots import SlotSearch
from slotgraph.schema.types.support import SupportCase
from slotgraph.schema.types.viewers import Viewer

Slug = Annotated[str, strawberry.argument(description="Slug as in the booking page's address.")]
Search = Annotated[SlotSearchInput, strawberry.argument(description="What to search.")]
FirstSearch = Annotated[FirstFreeInput, strawberry.argument(description="What to search.")]
Start = Annotated[ExplainSlotInput, strawberry.argument(description="Which start.")]
Days = Annotated[OverviewInput, strawberry.argument(description="Which days and employees.")]
By = Annotated[BookingRef, strawberry.argument(description="Id or manage token.")]
OfCompany = Annotated[strawberry.ID | None, strawberry.argument(description="Company; omit for your own.")]
Filter = Annotated[BookingFilter | None, strawberry.argument(description="Which bookings; omit for all.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")]


@object_type(Action.READ_SCHEMA_SHAPE, "Everything that can be read.")
class Query:
    """The roots."""

    @resolved(Action.READ_VIEWER, "Who is asking, and what they may do.", on=On.ACTOR)
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.operation, session=info.context.session)

    @resolved(
        Action.READ_PUBLIC_PROFILE,
        "A company by its public name in addresses; null if there is none. Support without an open case gets null too.",
        on=On.INPUT,
    )
    async def company(self, info: Info, slug: Slug) -> Company | None:
        operation = info.context.operation
        company_id = await operation.company_id_of_slug(slug)
        if company_id is None or not await operation.permits(Action.READ_PUBLIC_PROFILE, company_id):
            return None
        directory = await operation.directory(company_id)
        return Company.of(operation, directory.company) if directory else None

    @resolved(
        Action.SEARCH_SLOTS,
        "Bookable slots in a window. Every checked calendar of the employees is asked now; nothing it says is kept.",
        on=On.INPUT,
    )
    async def slots(self, info: Info, input: Search) -> SlotSearch | None:
        operation = info.context.operation
        return await SlotSearch.of(operation, await info.context.use_cases.search.slots(operation, input.read()))

    @resolved(
        Action.SEARCH_SLOTS,
        "The first free slots from a moment on, searched week by week up to the service's horizon.",
        on=On.INPUT,
    )
    async def first_free(self, info: Info, input: FirstSearch) -> SlotSearch | None:
        operation = info.context.operation
        found = await info.context.use_cases.search.first_free(operation, input.read())
        return await SlotSearch.of(operation, found)

    @resolved(Action.SEARCH_SLOTS, "Why one start is offered or not: each rule in order.", on=On.INPUT)
    async def explain_slot(self, info: Info, input: Start) -> SlotExplanation | None:
        operation = info.context.operation
        return SlotExplanation.of(operation, await info.context.use_cases.explanations.explain(operation, input.read()))

    @resolved(
        Action.READ_OVERVIEW,
        "Calendar of a company: external events, bookings, absences, availabilities, read anew each time."
        " Only this can show external titles.",
        on=On.INPUT,
    )
    async def overview(self, info: Info, input: Days) -> Overview | None:
        operation = info.context.operation
        company_id = own_company(operation, input.company, path=("input", "company"))
        named = ids.decode_all(input.employees or (), "Employee", path=("input", "employees"))
        query = OverviewQuery(
            company_id,
            input.from_,
            input.until,
            input.time_zone,
            None if input.employees is None else tuple(ids.within(one, company_id) for one in named),
            input.deadline_ms,
        )
        return Overview.of(operation, await info.context.use_cases.overviews.overview(operation, query))

    @resolved(
        Action.READ_BOOKING,
        "One booking, by id (members) or by manage token (customers); null if there is none.",
        on=On.INPUT,
    )
    async def booking(self, info: Info, by: By) -> Booking | None:
        seen = await info.context.use_cases.booking_desk.booking(info.context.operation, by.read(path=("by",)))
        return Booking.of(seen) if seen else None

    @resolved(Action.READ_BOOKING, "Bookings of a company in order of start.", on=On.INPUT)
    async def bookings(
        self,
        info: Info,
        company: OfCompany = strawberry.UNSET,
        filter: Filter = strawberry.UNSET,
        first: First = 50,
        after: After = strawberry.UNSET,
    ) -> BookingConnection | None:
        operation = info.context.operation
        company_id = own_company(operation, company or None, path=("company",))
        page, following = page_of(first, after or None), place(after or None, minute_key)
        found = await info.context.use_cases.booking_desk.bookings(
            operation,
            company_id,
            which=_which(filter, company_id) if filter else Which(),
            first=page.to_read,
            after=following,
        )
        if found is None:
            raise refusal(operation)
        return BookingConnection.of(Subject(operation, company_id), found, page)

    @resolved(
        Action.READ_PROVIDERS,
        "Installed kinds of calendar with what is needed to link one. Draw the link page from this;"
        " a new plugin needs no new frontend.",
        on=On.ACTOR,
    )
    def providers(self, info: Info) -> list[CalendarProvider] | None:
        operation, registry = info.context.operation, info.context.use_cases.registry
        return [CalendarProvider.of(operation, provider, plugin=plugin) for provider, plugin in registry.providers()]

    @resolved(
        Action.LIST_OPEN_CASES,
        "Support agents only: the cases open now. A case is open to every agent; each access is logged by agent.",
        on=On.ACTOR,
    )
    async def support_cases(self, info: Info) -> list[SupportCase] | None:
        operation = info.context.operation
        listed = await info.context.use_cases.support.open_cases(operation)
        return [SupportCase.of(operation, one) for one in listed]

    @resolved(Action.READ_SCHEMA_SHAPE, "Any object by its id; null if there is none for you.", on=On.INPUT)
    async def node(self, info: Info, id: Id) -> Node | None:
        return await node_by_id(info, id, path=("id",))

    @resolved(
        Action.READ_SCHEMA_SHAPE,
        "Several objects by id, in the order asked, null where there is none for you.",
        on=On.INPUT,
    )
    async def nodes(self, info: Info, ids: Ids) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise BadInput(("ids",), f"at most {MAX_NODES}.")
        # Side by side, so that what is of one kind is read together.
        finding = (node_by_id(info, one, path=("ids", str(at))) for at, one in enumerate(ids))
        found: list[Any] = await asyncio.gather(*finding, return_exceptions=True)
        for one in found:
            # A refusal stands in its place, and does not wipe its neighbours.
            if isinstance(one, BaseException) and not isinstance(one, BadInput | SupportExcluded):
                raise one
        return found


def _which(chosen: BookingFilter, company_id: str) -> Which:
    """The filter in the words of the store. Raises BadInput."""
    return Which(
        ends_after=minute_from_instant(chosen.from_) if chosen.from_ else None,
        starts_before=minute_ceiling(chosen.to) if chosen.to else None,
        employee_ids=_within(chosen.employees, "Employee", company_id, field="employees"),
        service_ids=_within(chosen.services, "Service", company_id, field="services"),
        states=None if chosen.states is None else tuple(chosen.states),
        entry_states=None if chosen.entry_states is None else tuple(chosen.entry_states),
        customer_email=chosen.customer_email,
    )


def _within(texts: list[strawberry.ID] | None, kind: str, company_id: str, *, field: str) -> tuple[str, ...] | None:
    if texts is None:
        return None
    return tuple(ids.within(one, company_id) for one in ids.decode_all(texts, kind, path=("filter", field)))
