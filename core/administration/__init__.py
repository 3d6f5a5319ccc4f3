"""Administration of a company's schedule: employees, services, availabilities, absences, holidays."""
