#!/bin/sh
# Creates the random secrets of compose.yaml in docker/secrets. Existing secrets are kept; the rights of the Redis users are rewritten
# each time, because a newer hotdesk may need others.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

# Through pipes and files, never as an argument: ps shows arguments.
random() { od -An -vtx1 -N32 /dev/urandom | tr -d ' \n'; }
hash() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }

if [ ! -e hotdesk.env ]; then
  printf 'HOTDESK_SECRET=%s\nHOTDESK_REDIS_PASSWORD=%s\n' "$(random)" "$(random)" >hotdesk.env
  echo 'docker/secrets is created. Back it up: without hotdesk.env, the phone passwords in Redis cannot be read.'
fi
[ -e grafana.env ] || printf 'GF_SECURITY_ADMIN_PASSWORD=%s\n' "$(random)" >grafana.env
[ -e redis-install.env ] || printf 'HOTDESK_REDIS_USERNAME=hotdesk-install\nHOTDESK_REDIS_PASSWORD=%s\n' "$(random)" >redis-install.env
[ -e redis-view.password ] || random >redis-view.password
[ -e redis-operator.password ] || random >redis-operator.password

node=$(sed -n 's/^HOTDESK_REDIS_PASSWORD=//p' hotdesk.env)
install=$(sed -n 's/^HOTDESK_REDIS_PASSWORD=//p' redis-install.env)
view=$(cat redis-view.password)
operator=$(cat redis-operator.password)

# Redis gets hashes of 256 random bits, which cannot be reversed: the file may be readable in the container.
cat >users.acl <<ACL
user default reset off
user hotdesk-node reset on #$(hash "$node") resetchannels &__redis__:invalidate &{hd}:written ~{hd} ~{hd}:* +ping +info +time +wait +select +multi +exec +publish +subscribe +client|setname +client|id +client|tracking +client|trackinginfo +function|list +cluster|slots +cluster|keyslot +fcall +fcall_ro +scan +type +del +expire +ttl +pttl +get +set +incr +decr +hget +hmget +hgetall +hscan +hset +hdel +hincrby +xadd +xtrim +xrange +xrevrange
user hotdesk-view reset on #$(hash "$view") resetchannels %R~{hd} %R~{hd}:users %R~{hd}:devices %R~{hd}:device:* %R~{hd}:site:* %R~{hd}:reg:* %R~{hd}:node:* %R~{hd}:events +ping +info +time +fcall_ro +type +ttl +hget +hmget +hgetall +hscan +xread +xrange +xrevrange (%R~{hd}:user:* +type)
user hotdesk-install reset on #$(hash "$install") resetchannels %R~{hd} %R~*:node:* +ping +info +select +client|setname +function|load +function|list +cluster|slots +cluster|keyslot +fcall_ro +scan +hmget
user operator reset on #$(hash "$operator") ~* &* +@all
ACL
chmod 644 users.acl
