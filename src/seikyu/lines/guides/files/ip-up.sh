#!/bin/sh
# pppd: put it into /etc/ppp/ip-up.d/claims (mode 755). It routes the claims network through the claims line, whatever
# other line this machine has.
set -eu
[ "${PPP_IPPARAM:-}" = claims ] || exit 0
@@for prefix in prefixes_v4@@
ip route replace @@prefix@@ dev "$PPP_IFACE" metric 1
@@end@@
