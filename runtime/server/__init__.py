"""The HTTP server of a home: REST under `/v1`, events as a stream, problems with stable codes."""
