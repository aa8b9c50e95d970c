#!/bin/sh
# Writes .env beside this script, with a fresh secret for each place that needs one. Never over an old one.
set -eu
cd "$(dirname "$0")"
umask 077
if [ -e .env ]; then
  echo '.env is there already: remove it first if all secrets are to be new' >&2
  exit 1
fi

hex() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
base64_32() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

{
  for name in A_ADMIN_TOKEN A_SETTLEMENT_API_TOKEN A_ENGINE_TOKEN \
    B_ADMIN_TOKEN B_SETTLEMENT_API_TOKEN B_ENGINE_TOKEN \
    PEER_TOKEN ALICE_TOKEN BOB_TOKEN; do
    echo "$name=$(hex)"
  done
  for name in A_ROUTING_SECRET B_ROUTING_SECRET; do
    echo "$name=$(base64_32)"
  done
} > .env
