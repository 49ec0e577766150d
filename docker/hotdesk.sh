#!/bin/sh
# `hotdesk` on the PATH of a machine with the program in /opt/hotdesk: docker/README.md, "As a service".
# Without --config, HOTDESK_CONFIG or a hotdesk.yaml in the current folder, the configuration is the one in /etc/hotdesk.
set -eu
[ -e hotdesk.yaml ] || export HOTDESK_CONFIG="${HOTDESK_CONFIG-/etc/hotdesk/hotdesk.yaml}"
exec node /opt/hotdesk/dist/main.js "$@"
