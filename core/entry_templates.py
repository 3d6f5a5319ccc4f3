"""The templates of what is written into calendars (rule K7): those a company begins with."""

TITLE_TEMPLATE = "{service}: {customer}"

DESCRIPTION_TEMPLATE = "{customer}\n{email}\n{phone}\n\n{note}\n\nBooked with {company}."
