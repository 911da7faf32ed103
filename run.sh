#!/usr/bin/env bash
# Framewise on this machine: sets up on first use, then hands over to `python -m stack`.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
SETUP_LOG="$ROOT/var/log/setup.log"
SUPPORTED="(3, 11) <= sys.version_info[:2] <= (3, 13)"

usage() {
  cat <<'TEXT'
usage: ./run.sh [--workers N] [--gpu]     start everything in the background and print the addresses
       ./run.sh --with NAME               a door besides: aws, camera, edge (with its broker) or mqtt; may be repeated
       ./run.sh demo [URL|FILE]           the same, then analyse a video and show what was found
       ./run.sh test [--all] [ARGS]       every check and test; with ARGS, pytest alone with these
       ./run.sh down                      stop what was started here
       ./run.sh status                    show the services
       ./run.sh workers [N]               how many workers there are; have N from now on, while it runs
       ./run.sh logs [SERVICE] [-f]       show the logs
       ./run.sh doctor                    check this machine and the servers, there and back
       ./run.sh dead-letters [list|replay [RECORD…]]
                                          records that were set aside: show them, send them again
       ./run.sh framewise [COMMAND]       the command line: submit, watch, results, …; also .venv/bin/framewise
       ./run.sh keys create --name NAME [--scopes read,submit] [--share N] | list | share ID N | revoke ID
                                          API keys, which the service asks for beyond this machine
       ./run.sh kafka [TOOL] [ARGS]       Kafka's own tools, such as: kafka topics --list
       ./run.sh cqlsh [ARGS]              Cassandra's own shell
       ./run.sh --docker [--workers N] [--gpu] [down|status|logs|workers N]
                                          the same in containers, by Docker Compose
       ./run.sh bench [report] [ARGS]     measure beside what people would use instead; docs/benchmarks.md
       ./run.sh lock                      pin the newest dependencies in requirements/*.lock

Settings are variables named FRAMEWISE_…, such as FRAMEWISE_API_PORT, FRAMEWISE_DATA_DIR, FRAMEWISE_MIRROR.
TEXT
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# A name on the PATH may be a shim that cannot run, so each candidate is run. One that can make virtual
# environments comes before one that cannot.
find_python() {
  local candidate modules tried=""
  for modules in "sys, ensurepip, venv" "sys"; do
    for candidate in ${FRAMEWISE_PYTHON:-} python3.12 python3.11 python3.13 python3 python /usr/bin/python3; do
      if "$candidate" -c "import $modules; sys.exit(not $SUPPORTED)" 2>/dev/null; then
        PYTHON="$candidate"
        return
      fi
    done
  done
  for candidate in ${FRAMEWISE_PYTHON:-} python3.12 python3.11 python3.13 python3 python; do
    if command -v "$candidate" >/dev/null; then
      tried="$tried $candidate ($("$candidate" -V 2>/dev/null || echo 'does not run'))"
    fi
  done
  fail "Python 3.11, 3.12 or 3.13 is needed, but was not found:${tried:- there is no python3 at all}." \
    "Install one, or name it: FRAMEWISE_PYTHON=/path/to/python3.12"
}

check_venv_module() {
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$PYTHON cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"
}

usable() { "$1/bin/python" -c "import sys, pip; sys.exit(not $SUPPORTED)" 2>/dev/null; }

# The stamp is a copy of the lock that was installed. `dev` holds all of `cpu`, so it is not taken down again.
installed() { cmp -s "$ROOT/requirements/$2.lock" "$1/installed-$2.lock"; }

ensure_venv() {
  local venv="$1" kind="$2"
  if [ "$kind" = cpu ] && [ -e "$venv/installed-dev.lock" ]; then kind=dev; fi
  if installed "$venv" "$kind" && usable "$venv"; then return; fi
  mkdir -p "$ROOT/var/log"
  (
    # The descriptor is closed with this subshell: no service inherits the lock.
    if command -v flock >/dev/null; then flock -w 1800 9 || fail "another set-up has been running for half an hour"; fi
    if ! installed "$venv" "$kind" || ! usable "$venv"; then install_into "$venv" "$kind"; fi
  ) 9>"$ROOT/var/setup.lock"
}

install_into() {
  local venv="$1" kind="$2" total
  total="$(grep -c '^[a-zA-Z0-9].*==' "$ROOT/requirements/$kind.lock")"
  echo "Setting up (first time only): about $total packages into $(basename "$venv"), a few minutes"
  if ! usable "$venv"; then
    check_venv_module
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv" >"$SETUP_LOG" 2>&1 || fail "no virtual environment could be made; see $SETUP_LOG"
  fi
  rm -f "$venv"/installed-*.lock
  if ! "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes -r "$ROOT/requirements/$kind.lock" 2>&1 9>&- | tee "$SETUP_LOG" | show_progress "$total"; then
    tail -n 15 "$SETUP_LOG" >&2
    fail "the packages could not be installed; the whole log is $SETUP_LOG"
  fi
  cp "$ROOT/requirements/$kind.lock" "$venv/installed-$kind.lock"
}

# The command line, beside the other commands of the virtual environment; the tree may have been moved since.
ensure_command() {
  local launcher="$1/bin/framewise" text
  text="$(printf '#!/usr/bin/env bash\nPYTHONPATH=%q exec %q -P -m framewise "$@"' "$ROOT" "$1/bin/python")"
  if [ "$(cat "$launcher" 2>/dev/null)" != "$text" ]; then
    printf '%s\n' "$text" >"$launcher"
    chmod +x "$launcher"
  fi
}

# On a terminal one line that changes; elsewhere a line now and then.
show_progress() {
  local total="$1" count=0 line
  while IFS= read -r line; do
    case "$line" in
    Collecting* | "Requirement already satisfied"*)
      count=$((count + 1))
      if [ -t 1 ]; then
        printf '\r\033[KSetting up: package %d of about %d' "$count" "$total"
      elif [ $((count % 20)) = 0 ]; then
        echo "Setting up: package $count of about $total"
      fi
      ;;
    "Installing collected"*)
      if [ -t 1 ]; then printf '\r\033[K'; fi
      echo "Setting up: installing"
      ;;
    esac
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

run_tests() {
  local python="$ROOT/.venv/bin/python" failed=""
  # Three processes: one for the tests on the stack, one for those on servers, one for the others (tests/conftest.py).
  # The first two wait most of the time, so that two cores are enough.
  local selection=(-m "not slow") lanes=(-n 3 --dist loadscope)
  if [ "${1:-}" = --all ]; then
    selection=(-m "slow or not slow") lanes=()
    shift
  fi
  # With arguments of their own, a few tests are wanted, not every check.
  if [ $# -gt 0 ]; then exec "$python" -m pytest "${selection[@]}" "$@"; fi
  check() {
    echo "== $1"
    "${@:2}" || failed="$failed, $1"
  }
  check "ruff format" "$python" -m ruff format --check .
  check "ruff check" "$python" -m ruff check .
  check "mypy" "$python" -m mypy
  check "import-linter" "$python" -c 'import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())' --no-logo
  if [ -n "$failed" ]; then echo "error: these checks failed: ${failed#, } (see above); the tests run all the same" >&2; fi
  echo "== pytest"
  local status=0
  "$python" -m pytest "${selection[@]}" "${lanes[@]}" --durations=20 --cov --cov-report=term:skip-covered || status=$?
  if [ "$status" = 0 ] && [ -n "$failed" ]; then status=1; fi
  exit "$status"
}

make_locks() {
  local tools="$ROOT/var/tools" uv
  [ -x "$tools/bin/uv" ] || { "$PYTHON" -m venv "$tools" && "$tools/bin/python" -m pip install -q uv; }
  uv="$tools/bin/uv"
  export UV_CUSTOM_COMPILE_COMMAND="./run.sh lock"
  compile() {
    "$uv" pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --upgrade \
      "$@" >/dev/null
  }
  compile --extra cpu -o requirements/cpu.lock pyproject.toml
  compile --extra gpu -c requirements/cpu.lock -o requirements/gpu.lock pyproject.toml
  compile --extra cpu --group dev -c requirements/cpu.lock -o requirements/dev.lock pyproject.toml
  compile --extra edge -c requirements/cpu.lock -o requirements/edge.lock pyproject.toml
  compile --extra cpu --group bench -c requirements/cpu.lock -o requirements/bench.lock pyproject.toml
  compile --group pyproject.toml:cqlsh -c requirements/cpu.lock -o requirements/cqlsh.lock
  echo "requirements/cpu.lock, gpu.lock, dev.lock, edge.lock, bench.lock and cqlsh.lock are made anew"
}

[ -n "${FRAMEWISE_MIRROR:-}" ] && {
  [ -d "$FRAMEWISE_MIRROR" ] || fail "FRAMEWISE_MIRROR names $FRAMEWISE_MIRROR, but there is no such folder"
  FRAMEWISE_MIRROR="$(cd "$FRAMEWISE_MIRROR" && pwd)"
  export FRAMEWISE_MIRROR
}

command="up" docker=""
gpu="${FRAMEWISE_GPU:-}"
case "${1:-}" in test | lock | down | status | logs | workers | demo | doctor | dead-letters | keys | kafka | cqlsh | framewise | bench | up) command="$1" ;; esac
for argument in "$@"; do
  # What follows these is for the tool, to the last word.
  case "$command" in keys | kafka | cqlsh | framewise | bench) break ;; esac
  case "$argument" in
  -h | --help | help)
    usage
    exit 0
    ;;
  --gpu) gpu=true ;;
  --docker) docker=true ;;
  esac
done

find_python
CALLED_FROM="$PWD"
cd "$ROOT"
export PYTHONPATH="$ROOT"
if [ -n "$docker" ]; then exec "$PYTHON" -m stack.docker "$@"; fi

venv="$ROOT/.venv" kind=cpu
case "$command" in
test) kind=dev ;;
bench) venv="$ROOT/.venv-bench" kind=bench ;;
framewise)
  if ! usable "$venv" && usable "$ROOT/.venv-gpu"; then venv="$ROOT/.venv-gpu" kind=gpu; fi
  ;;
lock)
  make_locks
  exit 0
  ;;
down | status | logs | workers | dead-letters)
  # These need no new packages; before the first set-up there is nothing to ask about.
  if ! usable "$venv" && usable "$ROOT/.venv-gpu"; then venv="$ROOT/.venv-gpu"; fi
  if ! usable "$venv"; then
    echo "nothing was started here yet"
    exit 0
  fi
  exec "$venv/bin/python" -m stack "$@"
  ;;
*)
  case "$gpu" in
  1 | true | True | TRUE | yes | on)
    venv="$ROOT/.venv-gpu" kind=gpu
    "$PYTHON" -m stack.preflight --gpu
    ;;
  esac
  ;;
esac

case "$command" in
doctor | keys | kafka | cqlsh | framewise) ;; # These say themselves what is missing.
*) [ "$kind" = gpu ] || "$PYTHON" -m stack.preflight ;;
esac
ensure_venv "$venv" "$kind"
ensure_command "$venv"
if [ "$command" = framewise ]; then
  shift
  cd "$CALLED_FROM"
  exec "$venv/bin/framewise" "$@"
fi
if [ "$command" = test ]; then
  shift
  run_tests "$@"
fi
if [ "$command" = bench ]; then
  shift
  exec "$venv/bin/python" -m benchmarks.yardstick "$@"
fi
FRAMEWISE_CALLED_FROM="$CALLED_FROM" exec "$venv/bin/python" -m stack "$@"
