#!/bin/sh
# Runs redis-server with the arguments given and ends it when standard input closes, which the system does for a node
# however it ends. Exits as redis-server does.
umask 077 # its files hold hashes of PINs
exec 3<&0
redis-server "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -TERM $server 2>/dev/null; } & watch=$!
exec 3<&-
trap 'kill -TERM $server 2>/dev/null' TERM
wait $server; status=$?
kill $watch 2>/dev/null
exit $status
