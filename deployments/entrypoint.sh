#!/bin/sh
# Prefect's Helm chart starts every image by this path.
exec "$@"
