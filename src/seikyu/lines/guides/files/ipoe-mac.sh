#!/bin/sh
# macOS: sets a network service up for the claims line (IP-VPN, IPv6). Without --apply it tells what it would do.
set -eu
service=@@interface@@
mark='# seikyu-claims'
run() {
    if [ "${APPLY}" = yes ]; then "$@"; else echo "would run: $*"; fi
}
APPLY=no
if [ "${1:-}" = --apply ]; then APPLY=yes; fi
if [ -z "$service" ]; then
    echo 'name the service in this file; the services are:' >&2
    networksetup -listallnetworkservices >&2
    exit 3
fi
run networksetup -setv4off "$service"
run networksetup -setv6automatic "$service"
run mkdir -p /etc/resolver
@@for domain in domains@@
file=/etc/resolver/@@domain@@
if [ "${APPLY}" = yes ]; then
    {
        echo "$mark"
@@for resolver in resolvers@@
        echo nameserver @@resolver@@
@@end@@
    } > "$file"
else
    echo "would write: $file"
fi
@@end@@
