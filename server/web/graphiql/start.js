// Starts GraphiQL on this server's /graphql. The first query comes from start.json, if the server has one.
"use strict";

const fetcher = GraphiQL.createFetcher({
  url: new URL("../graphql", location.href).href,
  enableIncrementalDelivery: false,
  headers: {
    Accept: "application/graphql-response+json, application/json",
    "X-SlotGraph-Client": "graphiql", // requests with a cookie are refused without it
  },
});

async function firstOperation() {
  const answer = await fetch("start.json", { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : {};
}

async function start() {
  const first = await firstOperation().catch(() => ({}));
  const element = React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: first.query,
    variables: first.variables && JSON.stringify(first.variables, null, 2),
    shouldPersistHeaders: false, // a token typed into the headers is not kept in the browser
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(element);
}

start();
