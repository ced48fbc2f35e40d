# What run, test, bench/run, Dockerfile and tests/fresh_machine share: packages, nginx, the build. To be sourced by bash.
# Uses $root (the checkout). Functions print what they do; Fail ends the script with one sentence.

Say() { printf '%s\n' "$*"; }
Fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The packages of these groups (deploy/packages), one a line.
PackagesOf() {
  local group version
  version=$(. /etc/os-release 2> /dev/null && echo "${VERSION_ID:-}") || true
  for group in "$@"; do
    sed -n -e "s/^$group  *//p" ${version:+-e "s/^$group:$version  *//p"} "$root/deploy/packages"
  done
}

MissingPackages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] || printf '%s\n' "$package"
  done
}

# Runs apt-get as root, without a service of the machine being started or restarted: by a policy-rc.d for as long as it
# runs, if the machine has none of its own, and with needrestart, where it is installed, told to keep still.
AptGet() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo > /dev/null || Fail "installing packages needs root or sudo; install them yourself and use --no-install"
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 sh -c '
    policy=/usr/sbin/policy-rc.d
    if ! [ -e $policy ]; then
      trap "rm -f $policy" EXIT
      trap "exit 130" INT TERM HUP
      printf "#!/bin/sh\nexit 101\n" > $policy
      chmod 755 $policy
    fi
    apt-get -q -o DPkg::Lock::Timeout=600 "$@"' apt-get "$@"
}

# Installs what is missing of these groups; does nothing if nothing is.
InstallPackages() {
  local missing
  command -v dpkg-query > /dev/null || Fail "packages can be installed on Debian only; elsewhere bring your own and use --no-install"
  mapfile -t missing < <(MissingPackages $(PackagesOf "$@"))
  ((${#missing[@]})) || return 0
  Say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  AptGet update > "$root/.cache/apt.log" 2>&1 || Fail "apt-get update failed; see .cache/apt.log"
  AptGet install -y --no-install-recommends "${missing[@]}" >> "$root/.cache/apt.log" 2>&1 ||
    Fail "these packages could not be installed: ${missing[*]}; see .cache/apt.log"
}

# Unpacks a Debian package below .cache: the programs of one that would enable a service, without a change of the machine.
Unpack() {
  local package=$1 unpacked=$root/.cache/$1
  Say "unpacking $package below .cache/$package (not installed as a service)"
  mkdir -p "$unpacked/download"
  (cd "$unpacked/download" && apt-get -q download "$package" > "$root/.cache/$package.log" 2>&1) ||
    { AptGet update > "$root/.cache/$package.log" 2>&1 &&
      (cd "$unpacked/download" && apt-get -q download "$package" >> "$root/.cache/$package.log" 2>&1); } ||
    Fail "Debian's $package package could not be fetched; see .cache/$package.log"
  dpkg -x "$unpacked"/download/"$package"_*.deb "$unpacked"
}

# Sets nginx to an nginx program: where it is not installed, of Debian's package, which starts a server on port 80.
FindNginx() {
  local install=$1 unpacked=$root/.cache/nginx
  nginx=${MONITOR_NGINX:-$(PATH=$PATH:/usr/sbin command -v nginx || true)}
  [[ -z $nginx ]] || return 0
  nginx=$unpacked/usr/sbin/nginx
  if ! [[ -x $nginx ]]; then
    [[ $install == yes ]] || Fail "nginx is needed; set MONITOR_NGINX to the program, or leave --no-install out"
    Unpack nginx
  fi
  "$nginx" -v 2> /dev/null || Fail "the nginx unpacked below .cache/nginx does not start; install Debian's nginx instead"
}

# Sets promtool to that of Prometheus, or to nothing: tests that need it are skipped then. Debian's package starts a server,
# and is large.
FindPromtool() {
  local install=$1 unpacked=$root/.cache/prometheus/usr/bin/promtool
  promtool=${MONITOR_PROMTOOL:-$(command -v promtool || true)}
  [[ -z $promtool ]] || return 0
  if [[ $install == yes && ! -x $unpacked ]]; then Unpack prometheus; fi
  if [[ -x $unpacked ]]; then promtool=$unpacked; fi
}

# Builds these targets, optimised, into build/; two at a time wait for each other.
Build() {
  command -v ninja > /dev/null || Fail "ninja is needed to build; leave --no-install out"
  (
    flock 9
    if ! [[ -e $root/build/build.ninja ]]; then
      Say "configuring build/"
      cmake -S "$root" -B "$root/build" -G Ninja > "$root/build/configure.log" 2>&1 ||
        Fail "cmake failed; see build/configure.log"
    fi
    Say "building ${*:-everything}"
    ninja -C "$root/build" "$@" > "$root/build/build.log" 2>&1 || {
      grep -m 5 -E 'error|FAILED' "$root/build/build.log" >&2 || tail -5 "$root/build/build.log" >&2
      Fail "the build failed; see build/build.log"
    }
  ) 9> "$root/build/.lock"
}
