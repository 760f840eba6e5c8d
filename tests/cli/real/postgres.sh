# In the machine, as user postgres: a cluster is made, pgbench runs over the Unix socket, the server ends and comes again.
set -e
PATH=/usr/lib/postgresql/15/bin:$PATH
export PGDATA=/tmp/cluster PGHOST=/tmp LC_ALL=C
initdb -A trust -N >/tmp/initdb.log 2>&1 || { cat /tmp/initdb.log; exit 1; }
start() { pg_ctl -s -w -t 120 -l /tmp/server.log -o "-c listen_addresses= -c unix_socket_directories=/tmp -c shared_buffers=16MB -c fsync=on" start || { cat /tmp/server.log; exit 1; }; }
start
createdb bench
pgbench -q -i -s 1 bench >/tmp/pgbench.log 2>&1 || { cat /tmp/pgbench.log; exit 1; }
pgbench -c 4 -j 2 -t 50 bench 2>&1 | grep -E 'actually|failed'
ask() { psql -At -c "$1" bench; }
ask 'select count(*) from pgbench_accounts'
ask 'select count(*) from pgbench_history'
ask 'select (select sum(delta) from pgbench_history) = (select sum(abalance) from pgbench_accounts)
	and (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)'
pg_ctl -s -w -m immediate stop
start
ask 'select count(*) from pgbench_history'
pg_ctl -s -w -m fast stop
grep -c -E 'PANIC|FATAL' /tmp/server.log || true
