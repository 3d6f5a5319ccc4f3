"""The GraphQL face: types, resolvers, errors and limits; no rule of scheduling is decided here."""
