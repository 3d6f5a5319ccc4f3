# ruff: noqa: A002 - `input` is the schema's word
"""Making, changing and deleting employees and services."""

from typing import Annotated

import strawberry

from slotgraph.core import records
from slotgraph.core.administration import services as service_desk
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.employees import DeleteEmployeeInput, UpsertEmployeeInput
from slotgraph.schema.inputs.named import one_named
from slotgraph.schema.inputs.services import DeleteServiceInput, UpsertServiceInput
from slotgraph.schema.own import company_of_actor
from slotgraph.schema.types.employees import Employee
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import HasUpcomingBookings, InvalidInput, NotFound
from slotgraph.schema.types.results import Deleted
from slotgraph.schema.types.services import Service

EmployeeToBe = Annotated[UpsertEmployeeInput, strawberry.argument(description="The employee.")]
OldEmployee = Annotated[DeleteEmployeeInput, strawberry.argument(description="Which.")]
ServiceToBe = Annotated[UpsertServiceInput, strawberry.argument(description="The service.")]
OldService = Annotated[DeleteServiceInput, strawberry.argument(description="Which.")]

UpsertEmployeeResult = Annotated[
    Employee | InvalidInput | NotFound,
    strawberry.union("UpsertEmployeeResult", description="The employee as it is now."),
]
DeleteEmployeeResult = Annotated[
    Deleted | HasUpcomingBookings | NotFound,
    strawberry.union("DeleteEmployeeResult", description="What was deleted."),
]
UpsertServiceResult = Annotated[
    Service | InvalidInput | NotFound,
    strawberry.union("UpsertServiceResult", description="The service as it is now."),
]
DeleteServiceResult = Annotated[
    Deleted | HasUpcomingBookings | NotFound,
    strawberry.union("DeleteServiceResult", description="What was deleted."),
]


@mutation(Action.CHANGE_EMPLOYEE, "Creates (no `id`) or changes an employee.", UpsertEmployeeResult)
async def upsert_employee(self: object, info: Info, input: EmployeeToBe) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    outcome = await info.context.use_cases.employees.upsert(operation, company_id, input.read(company_id))
    return Employee.of(operation, outcome) if isinstance(outcome, records.Employee) else outcome


@mutation(Action.CHANGE_EMPLOYEE, "Deletes an employee without upcoming bookings.", DeleteEmployeeResult)
async def delete_employee(self: object, info: Info, input: OldEmployee) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    employee_id = one_named(input.employee, "Employee", company_id, path=("input", "employee"))
    outcome = await info.context.use_cases.employees.delete(operation, company_id, employee_id)
    return Deleted(id=input.employee) if isinstance(outcome, records.Employee) else outcome


@mutation(Action.CHANGE_SERVICE, "Creates (no `id`) or changes a service.", UpsertServiceResult)
async def upsert_service(self: object, info: Info, input: ServiceToBe) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    outcome = await service_desk.upsert(operation, company_id, input.read(company_id))
    return Service.of(operation, outcome) if isinstance(outcome, records.Service) else outcome


@mutation(Action.CHANGE_SERVICE, "Deletes a service without upcoming bookings.", DeleteServiceResult)
async def delete_service(self: object, info: Info, input: OldService) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    service_id = one_named(input.service, "Service", company_id, path=("input", "service"))
    outcome = await service_desk.delete(operation, company_id, service_id)
    return Deleted(id=input.service) if isinstance(outcome, records.Service) else outcome
