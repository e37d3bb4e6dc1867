#!/usr/bin/env bash
# Own copies of PostgreSQL, MariaDB and Redis for tests: loopback only, free ports, a temporary folder.
#   scripts/test-services.sh start   starts what is installed, prints `export TEST_..._URL=...` lines
#   scripts/test-services.sh stop    ends it and removes the folder
#   scripts/test-services.sh env     prints the lines again
# eval "$(scripts/test-services.sh start)" sets the variables in a shell. Folder: TEST_SERVICES_DIR.
set -euo pipefail

DIR=${TEST_SERVICES_DIR:-${TMPDIR:-/tmp}/mcpgateway-test-services-$(id -u)}

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*" >&2; }
free_port() {
  node -e 'const s=require("node:net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
# Database servers refuse to run as root; elsewhere they run as whoever starts them.
as() {
  local user=$1
  shift
  if [ "$(id -u)" = 0 ] && id "$user" >/dev/null 2>&1; then runuser -u "$user" -- "$@"; else "$@"; fi
}
own_dir() {
  mkdir -p "$DIR/$2"
  if [ "$(id -u)" = 0 ] && id "$1" >/dev/null 2>&1; then chown "$1" "$DIR/$2"; fi
}
pg_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }
wait_for() {
  for _ in $(seq 150); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  say "not ready in 15 s: $*"
  return 1
}

start_postgres() {
  local bin port
  bin=$(pg_bin)
  if [ -z "$bin" ]; then say 'PostgreSQL is not installed (apt-get install postgresql)' && return 0; fi
  port=$(free_port)
  own_dir postgres pg
  as postgres "$bin/initdb" -D "$DIR/pg/data" -A trust -U postgres -N >/dev/null
  as postgres "$bin/pg_ctl" -D "$DIR/pg/data" -l "$DIR/pg/log" -w \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$DIR/pg -c fsync=off" start >/dev/null
  "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres gw
  echo "export TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/gw" >>"$DIR/env"
}

start_mariadb() {
  local port
  if ! has mariadbd; then say 'MariaDB is not installed (apt-get install mariadb-server)' && return 0; fi
  port=$(free_port)
  own_dir mysql maria
  as mysql mariadb-install-db --no-defaults --datadir="$DIR/maria/data" \
    --auth-root-authentication-method=normal >/dev/null 2>&1
  as mysql mariadbd --no-defaults --datadir="$DIR/maria/data" --bind-address=127.0.0.1 --port="$port" \
    --socket="$DIR/maria/sock" --pid-file="$DIR/maria/pid" >"$DIR/maria.log" 2>&1 </dev/null &
  wait_for mariadb --no-defaults -S "$DIR/maria/sock" -u root -e 'select 1'
  mariadb --no-defaults -S "$DIR/maria/sock" -u root -e "create database gw character set utf8mb4 collate utf8mb4_bin;
    create user gw@'127.0.0.1' identified by 'gw'; grant all on gw.* to gw@'127.0.0.1'"
  echo "export TEST_MARIADB_URL=mysql://gw:gw@127.0.0.1:$port/gw" >>"$DIR/env"
}

start_redis() {
  local port
  if ! has redis-server; then say 'Redis is not installed (apt-get install redis-server)' && return 0; fi
  port=$(free_port)
  mkdir -p "$DIR/redis"
  redis-server --bind 127.0.0.1 --port "$port" --dir "$DIR/redis" --save '' --appendonly no \
    --daemonize yes --pidfile "$DIR/redis/pid" --logfile "$DIR/redis/log" >/dev/null
  wait_for redis-cli -p "$port" ping
  echo "export TEST_REDIS_URL=redis://127.0.0.1:$port" >>"$DIR/env"
}

stop_all() {
  if [ -d "$DIR/pg/data" ]; then as postgres "$(pg_bin)/pg_ctl" -D "$DIR/pg/data" -m fast -w stop >/dev/null || true; fi
  for name in maria redis; do
    [ -f "$DIR/$name/pid" ] || continue
    local pid
    pid=$(cat "$DIR/$name/pid")
    kill "$pid" 2>/dev/null || true
    wait_for sh -c "! kill -0 $pid" || kill -9 "$pid"
  done
  rm -rf "$DIR"
}

case ${1:-} in
  start)
    if [ -s "$DIR/env" ]; then cat "$DIR/env" && exit 0; fi
    mkdir -p "$DIR" && chmod 755 "$DIR" && : >"$DIR/env"
    trap 'status=$?; [ $status = 0 ] || stop_all; exit $status' EXIT
    start_postgres
    start_mariadb
    start_redis
    cat "$DIR/env"
    ;;
  stop) stop_all ;;
  env) cat "$DIR/env" ;;
  *) say "usage: $0 start|stop|env" && exit 2 ;;
esac
