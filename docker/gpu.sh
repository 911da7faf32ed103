#!/usr/bin/env bash
# Owns what a host with NVIDIA GPUs needs before `./run.sh --docker --gpu`: NVIDIA's container toolkit, and Docker told of it.
# Run it once as root; run again, it changes nothing that is right. It never touches the driver.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
LOCK="${FRAMEWISE_GPU_LOCK:-$ROOT/requirements/gpu.lock}"
# The root of the file system that is changed: another one in tests.
HOST_ROOT="${FRAMEWISE_HOST_ROOT:-}"
REPOSITORY="https://nvidia.github.io/libnvidia-container"
KEYRING="/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg"
APT_LIST="/etc/apt/sources.list.d/nvidia-container-toolkit.list"
DNF_REPO="/etc/yum.repos.d/nvidia-container-toolkit.repo"
DAEMON="/etc/docker/daemon.json"
TRIAL_IMAGE="${FRAMEWISE_GPU_TRIAL_IMAGE:-debian:bookworm-slim}"
dry_run=""

usage() {
  cat <<'TEXT'
usage: docker/gpu.sh [--dry-run]
  Checks NVIDIA's driver, installs NVIDIA's container toolkit (apt or dnf), has Docker use it, and tries it.
  --dry-run   say what would be done, and do nothing
TEXT
}

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Changes go through here, so that --dry-run shows each.
change() {
  if [ -n "$dry_run" ]; then
    say "would run: $*"
  else
    say "running: $*"
    "$@"
  fi
}

have() { command -v "$1" >/dev/null 2>&1; }

# The newest CUDA that our packages bring themselves: `nvidia-cuda-runtime==13.5.37` is 13.
cuda_of_lock() {
  local major
  major="$(sed -nE 's/^nvidia-cuda-runtime(-cu[0-9]+)?==([0-9]+)\..*/\2/p' "$LOCK" | sort -n | tail -n 1)"
  [ -n "$major" ] || fail "$LOCK names no CUDA runtime; is it the lock of the extra \`gpu\`?"
  printf '%s' "$major"
}

# The oldest driver for each CUDA, by NVIDIA's release notes (its minor versions are compatible).
driver_for() {
  case "$1" in
  11) printf '450.80.02' ;;
  12) printf '525.60.13' ;;
  13) printf '580.65.06' ;;
  *) fail "CUDA $1 is newer than this script knows: look up its oldest driver in NVIDIA's release notes, and name it here" ;;
  esac
}

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_driver() {
  local cuda needed found
  have nvidia-smi || fail "NVIDIA's driver is not installed (there is no nvidia-smi). Install it as your distribution says, then run this again"
  found="$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)" || found=""
  [ -n "$found" ] || fail "nvidia-smi does not answer: the driver is not loaded, or no GPU is there. After an installation, restart the host"
  cuda="$(cuda_of_lock)"
  needed="$(driver_for "$cuda")"
  at_least "$found" "$needed" ||
    fail "driver $found is too old for CUDA $cuda, which the image brings: $needed is needed, or newer. Nothing was changed"
  say "driver $found is new enough for CUDA $cuda (from $needed on)"
}

# Sets `family` to apt or dnf.
find_family() {
  local ID="" ID_LIKE="" PRETTY_NAME=""
  [ -r "$HOST_ROOT/etc/os-release" ] || fail "there is no /etc/os-release: which Linux is this? See NVIDIA's installation guide"
  # shellcheck source=/dev/null
  . "$HOST_ROOT/etc/os-release"
  case " $ID $ID_LIKE " in
  *" debian "* | *" ubuntu "*) family=apt ;;
  *" rhel "* | *" fedora "* | *" centos "* | *" amzn "*) family=dnf ;;
  *) fail "${PRETTY_NAME:-this Linux} has neither apt nor dnf: install NVIDIA's container toolkit as its guide says, then run this again" ;;
  esac
  case "$family" in
  apt) have apt-get || fail "apt-get is not on the PATH" ;;
  dnf) have dnf || fail "dnf is not on the PATH" ;;
  esac
}

# $1 the address, $2 the file, written whole or not at all.
fetch() {
  local part="$HOST_ROOT$2.part"
  mkdir -p "$(dirname "$part")"
  curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$part" "$1" ||
    fail "$1 cannot be fetched; does this host reach the internet?"
  mv "$part" "$HOST_ROOT$2"
}

fetch_keyring() {
  local armored
  armored="$(mktemp)"
  curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$armored" "$REPOSITORY/gpgkey" ||
    fail "$REPOSITORY/gpgkey cannot be fetched; does this host reach the internet?"
  mkdir -p "$(dirname "$HOST_ROOT$KEYRING")"
  gpg --batch --yes --dearmor --output "$HOST_ROOT$KEYRING" "$armored" || fail "NVIDIA's key cannot be read"
  rm -f "$armored"
}

# The list as NVIDIA serves it, with the key that its packages must be signed with.
fetch_apt_list() {
  fetch "$REPOSITORY/stable/deb/nvidia-container-toolkit.list" "$APT_LIST"
  sed -i "s#^deb https://#deb [signed-by=$KEYRING] https://#" "$HOST_ROOT$APT_LIST"
}

install_toolkit() {
  if have nvidia-ctk; then
    say "NVIDIA's container toolkit is installed"
    return
  fi
  "install_by_$family"
  [ -n "$dry_run" ] || have nvidia-ctk || fail "the toolkit was installed, but there is no nvidia-ctk"
}

install_by_apt() {
  change apt-get update
  change apt-get install --yes --no-install-recommends ca-certificates curl gnupg
  [ -s "$HOST_ROOT$KEYRING" ] || change fetch_keyring
  [ -s "$HOST_ROOT$APT_LIST" ] || change fetch_apt_list
  change apt-get update
  change apt-get install --yes nvidia-container-toolkit
}

# Its .repo file names the key, by which dnf checks what it installs.
install_by_dnf() {
  change dnf install --assumeyes curl
  [ -s "$HOST_ROOT$DNF_REPO" ] || change fetch "$REPOSITORY/stable/rpm/nvidia-container-toolkit.repo" "$DNF_REPO"
  change dnf install --assumeyes nvidia-container-toolkit
}

state_of() { if [ -e "$HOST_ROOT$1" ]; then cksum <"$HOST_ROOT$1"; fi; }

configure_docker() {
  local before
  if ! have docker; then
    say "Docker is not installed: nothing to configure. Once it is there, run this again"
    return
  fi
  before="$(state_of "$DAEMON")"
  change nvidia-ctk runtime configure --runtime=docker --config="$HOST_ROOT$DAEMON"
  if [ -n "$dry_run" ]; then
    say "would restart Docker if that changes $DAEMON"
  elif [ "$before" = "$(state_of "$DAEMON")" ]; then
    say "Docker knows the toolkit; it is not restarted"
  else
    restart_docker
  fi
}

restart_docker() {
  if have systemctl; then
    change systemctl restart docker
  else
    change service docker restart
  fi
}

try_it() {
  have docker || return 0
  if [ -n "$dry_run" ]; then
    say "would run: docker run --rm --gpus all $TRIAL_IMAGE nvidia-smi -L"
    return
  fi
  docker run --rm --gpus all "$TRIAL_IMAGE" nvidia-smi -L ||
    fail "a container sees no GPU. \`docker info\` shows whether the runtime \`nvidia\` is there; \`journalctl -u docker\` says more"
  say "containers see the GPUs above: ./run.sh --docker --gpu"
}

main() {
  local argument
  for argument in "$@"; do
    case "$argument" in
    --dry-run) dry_run=true ;;
    -h | --help)
      usage
      return
      ;;
    *)
      usage >&2
      fail "unknown option: $argument"
      ;;
    esac
  done
  [ -n "$dry_run" ] || [ "$(id -u)" = 0 ] || fail "this installs packages: run it as root, such as \`sudo docker/gpu.sh\`; --dry-run only shows what it would do"
  check_driver
  find_family
  install_toolkit
  configure_docker
  try_it
}

main "$@"
