#!/bin/sh
# Runs as root when the package is installed. `nucleus` in a terminal is the command; the app is in the menu.

ln -sf '/opt/${sanitizedProductName}/resources/bin/nucleus' /usr/bin/nucleus

# Chromium's own helper is needed only where ordinary users may make no namespaces.
if unshare --user true 2>/dev/null; then
  chmod 0755 '/opt/${sanitizedProductName}/chrome-sandbox'
else
  chmod 4755 '/opt/${sanitizedProductName}/chrome-sandbox'
fi

# Ubuntu 24 and newer let a program make namespaces when a profile says so; older ones cannot read this profile.
profile='/opt/${sanitizedProductName}/resources/apparmor-profile'
if apparmor_status --enabled >/dev/null 2>&1 && apparmor_parser --skip-kernel-load "$profile" >/dev/null 2>&1; then
  cp -f "$profile" '/etc/apparmor.d/${executable}'
  apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
fi

if command -v update-desktop-database >/dev/null; then
  update-desktop-database /usr/share/applications || true
fi
