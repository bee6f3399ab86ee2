"""GitHub, also GitHub Enterprise Server: polled by GraphQL, posted to by REST, fetched by git."""
