# Sourced by build-deps.sh: finds one pinned archive. Nothing is used before its SHA-256 matched.
#
#   fetch NAME PLACE SHA256 [PLACE SHA256]…
#
# leaves the path of the archive in $fetched, or ends with an error that names every place. Places
# are tried in order:
#   pool:c/curl/FILE   the package pool of the machine's own distribution (all sites and components
#                      that apt is configured with; its newer releases lie in the same pool)
#   https://…          the upstream project
#   pip:NAME==VERSION  a source package that carries the same files, from pip's index
# Needs: ARCHIVES, the folder that keeps what was fetched.

# The archives of this machine's apt, one "site/pool/component" a line: read from its configuration,
# so that it works before any package list was fetched.
pool_roots() {
  command -v apt-get >/dev/null || return 0
  apt-get update --print-uris 2>/dev/null |
    sed -nE "s,^'([^']+)/dists/[^']+/([a-z]+)/binary-[^/']+/Packages[^']*'.*,\\1/pool/\\2,p" | sort -u
}

matches() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# apt's own downloader knows the proxies and certificates that apt is configured with. From a
# mirror on this machine it makes a link, which must not stand for a copy.
download_from_pool() {
  /usr/lib/apt/apt-helper -o Acquire::Retries=2 -o APT::Sandbox::User=root \
    download-file "$1" "$2" >/dev/null 2>&1 &&
    if [ -L "$2" ]; then cp --remove-destination "$(readlink -f "$2")" "$2"; fi
}

download_from_upstream() {
  command -v curl >/dev/null &&
    curl -fsSL --retry 2 --connect-timeout 20 --max-time 300 -o "$2" "$1" 2>/dev/null
}

download_with_pip() {
  local folder
  folder=$(mktemp -d "$2.XXXXXX")
  python3 -m pip download --quiet --no-deps --no-binary :all: --dest "$folder" "$1" >/dev/null 2>&1 &&
    mv "$folder"/*.tar.gz "$2"
  local result=$?
  rm -rf "$folder"
  return $result
}

# try_place HOW URL TARGET SHA: TARGET is there and right, or the reason is added to $tried.
try_place() {
  rm -f "$3.part"
  if ! "$1" "$2" "$3.part"; then
    tried+="
  $2: no answer, or not there"
  elif ! matches "$3.part" "$4"; then
    tried+="
  $2: what came is not the pinned file (SHA-256 $4)"
  else
    mv "$3.part" "$3"
    return 0
  fi
  rm -f "$3.part"
  return 1
}

try_pool() {
  local root roots
  roots=$(pool_roots)
  [ -n "$roots" ] || tried+="
  the package pool of this machine's distribution: apt names no site"
  for root in $roots; do
    try_place download_from_pool "$root/$1" "$2" "$3" && return 0
  done
  return 1
}

fetch() {
  local name=$1 place sha tried=""
  shift
  mkdir -p "$ARCHIVES"
  while [ $# -ge 2 ]; do
    place=$1 sha=$2
    shift 2
    fetched=$ARCHIVES/$name-${sha:0:12}-$(basename "$place")
    matches "$fetched" "$sha" && return 0
    case $place in
      pool:*) try_pool "${place#pool:}" "$fetched" "$sha" && return 0 ;;
      pip:*) try_place download_with_pip "${place#pip:}" "$fetched" "$sha" && return 0 ;;
      *) try_place download_from_upstream "$place" "$fetched" "$sha" && return 0 ;;
    esac
  done
  echo "cannot fetch the source of $name. It was looked for at:$tried
Give this machine a way to one of these places, or put the file there by hand:
  $fetched (SHA-256 $sha)" >&2
  exit 1
}
