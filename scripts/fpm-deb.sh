#!/bin/bash
# As much of fpm as electron-builder asks for a deb, by dpkg-deb: fpm itself comes only from GitHub. electron-builder
# finds it by CUSTOM_FPM_PATH (scripts/package-app.ts).
set -euo pipefail

depends=() recommends=() places=()
name='' version='' architecture='' maintainer='' description='' homepage='' package='' install='' remove=''
while [ $# -gt 0 ]; do
  case $1 in
    --depends | -d) depends+=("$2") && shift ;;
    --deb-recommends) recommends+=("$2") && shift ;;
    --name) name=$2 && shift ;;
    --version) version=$2 && shift ;;
    --architecture) architecture=$2 && shift ;;
    --maintainer) maintainer=$2 && shift ;;
    --description) description=$2 && shift ;;
    --url) homepage=$2 && shift ;;
    --package) package=$2 && shift ;;
    --after-install) install=$2 && shift ;;
    --after-remove) remove=$2 && shift ;;
    --force) ;;
    -*) shift ;;
    *=*) places+=("$1") ;;
    *) echo "fpm-deb.sh does not know $1" >&2 && exit 1 ;;
  esac
  shift
done

joined() {
  local IFS=,
  echo "$*"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
mkdir "$folder/DEBIAN"
for place in "${places[@]}"; do
  from=${place%%=*}
  to=$folder${place#*=}
  if [ -d "$from" ]; then
    mkdir -p "$to"
    cp -a "${from%/}/." "$to"
  else
    mkdir -p "$(dirname "$to")"
    cp -a "$from" "$to"
  fi
done
{
  echo "Package: $name"
  echo "Version: $version"
  echo "Architecture: $architecture"
  echo "Maintainer: $maintainer"
  echo "Installed-Size: $(du -sk "$folder" | cut -f1)"
  echo "Section: devel"
  echo "Priority: optional"
  echo "Homepage: $homepage"
  [ ${#depends[@]} -eq 0 ] || echo "Depends: $(joined "${depends[@]}")"
  [ ${#recommends[@]} -eq 0 ] || echo "Recommends: $(joined "${recommends[@]}")"
  echo "Description: $(tr -s ' \n' '  ' <<<"$description")"
} >"$folder/DEBIAN/control"
[ -z "$install" ] || install -m 755 "$install" "$folder/DEBIAN/postinst"
[ -z "$remove" ] || install -m 755 "$remove" "$folder/DEBIAN/postrm"
dpkg-deb --root-owner-group -Zxz -z1 --build "$folder" "$package" >&2
