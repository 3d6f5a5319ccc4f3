"""Names of the types that know each other in circles; Strawberry looks them up when the schema is built."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from slotgraph.schema.types.accounts import Account, Calendar
    from slotgraph.schema.types.companies import Company
    from slotgraph.schema.types.employees import Employee
    from slotgraph.schema.types.schedule import Absence, Availability
    from slotgraph.schema.types.services import Service
    from slotgraph.schema.types.support import AccessLogConnection, SupportCaseConnection

_TYPES = "slotgraph.schema.types"

LazyAbsence = Annotated["Absence", strawberry.lazy(f"{_TYPES}.schedule")]
LazyAvailability = Annotated["Availability", strawberry.lazy(f"{_TYPES}.schedule")]
LazyAccount = Annotated["Account", strawberry.lazy(f"{_TYPES}.accounts")]
LazyCalendar = Annotated["Calendar", strawberry.lazy(f"{_TYPES}.accounts")]
LazyCompany = Annotated["Company", strawberry.lazy(f"{_TYPES}.companies")]
LazyEmployee = Annotated["Employee", strawberry.lazy(f"{_TYPES}.employees")]
LazyService = Annotated["Service", strawberry.lazy(f"{_TYPES}.services")]
LazySupportCases = Annotated["SupportCaseConnection", strawberry.lazy(f"{_TYPES}.support")]
LazyAccessLog = Annotated["AccessLogConnection", strawberry.lazy(f"{_TYPES}.support")]
