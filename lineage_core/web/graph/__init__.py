"""The journal as a graph: GraphQL queries, connections and subscriptions."""
