#!/usr/bin/env bash
# Tells Spark which GPUs this machine has, in the form that it asks for.
set -euo pipefail
indices="$(nvidia-smi --query-gpu=index --format=csv,noheader | sed 's/.*/"&"/' | paste -sd, -)"
printf '{"name": "gpu", "addresses": [%s]}\n' "$indices"
