"""The desk's programming face: `/api/v1`."""
