#!/bin/sh
# Runs redis-server with the given arguments and stops it when standard input closes. The system closes it however the node ends.
# Exits with the status of redis-server.
umask 077 # the files of Redis contain PIN hashes
exec 3<&0
redis-server "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -TERM $server 2>/dev/null; } & watch=$!
exec 3<&-
trap 'kill -TERM $server 2>/dev/null' TERM
wait $server; status=$?
kill $watch 2>/dev/null
exit $status
