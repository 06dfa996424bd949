#!/bin/sh
# Runs as root when the package is removed, or replaced by another version of it.

case ${1:-remove} in
  upgrade | 1) exit 0 ;;
esac

[ "$(readlink /usr/bin/nucleus)" = '/opt/${sanitizedProductName}/resources/bin/nucleus' ] && rm -f /usr/bin/nucleus

if [ -f '/etc/apparmor.d/${executable}' ]; then
  apparmor_parser --remove '/etc/apparmor.d/${executable}' 2>/dev/null || true
  rm -f '/etc/apparmor.d/${executable}'
fi
exit 0
