"""What all tables share: names of constraints, kinds of keys, references within a company."""

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(32)

Minute = BigInteger


def company_key() -> Column[str]:
    return Column("company_id", Id, ForeignKey("company.id"), primary_key=True)


def own_key() -> Column[str]:
    return Column("id", Id, primary_key=True)


def reference(table: str, *columns: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference within the company: (company_id, columns...) to the table's key."""
    targets = [f"{table}.company_id", f"{table}.id"]
    return ForeignKeyConstraint(["company_id", *columns], targets, ondelete=ondelete)
