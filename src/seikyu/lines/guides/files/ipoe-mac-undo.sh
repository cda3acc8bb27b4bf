#!/bin/sh
# macOS: puts back what ipoe.sh has changed: addresses over IPv4 by DHCP, and no resolvers of the claims network.
set -eu
service=@@interface@@
if [ -n "$service" ]; then networksetup -setdhcp "$service"; fi
for file in /etc/resolver/*; do
    if [ -f "$file" ] && [ "$(head -n 1 "$file")" = '# seikyu-claims' ]; then rm "$file"; fi
done
