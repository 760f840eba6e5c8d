# Sourced by tests/cli/servers.test: starting a server in a machine, waiting for it, ending it.
# shellcheck shell=bash
running=()	# process ids of dory commands, and of servers on the host

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# in_background LOG COMMAND...: $! is its process id; it is killed, if it runs still, when the script ends.
in_background() {
	local log=$1; shift
	"$@" >"$log" 2>&1 </dev/null &
	running+=($!)
}

kill_all() {
	[ ${#running[@]} = 0 ] || kill -9 "${running[@]}" 2>/dev/null
	running=()
}

# serve NAME DORY-RUN-ARGUMENT...: a machine in the background; $machine is the process id of its dory command, "$work/NAME.log" what it says.
serve() {
	serving=$1; shift
	in_background "$work/$serving.log" out/bin/dory run -q "$@"
	machine=$!
}

# eventually SECONDS COMMAND...: tries it until it succeeds; what the machine said is shown if it does not in time.
eventually() {
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge "$end" ] || ! kill -0 "$machine" 2>/dev/null; then
			echo "# $serving gave no answer; it said:"; tail -n 15 "$work/$serving.log" | sed 's/^/#   /'
			echo "FAIL $serving-answers"
			return 1
		fi
		sleep 0.2
	done
	echo "ok $serving-answers"
}

# ends NAME STATUS: the machine of NAME ends by itself within 20 seconds, with the status.
ends() {
	local status tries=100
	while kill -0 "$machine" 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.2; tries=$((tries - 1)); done
	if [ $tries = 0 ]; then
		kill -9 "$machine"; wait "$machine" 2>/dev/null
		echo "FAIL $1-ends (it went on)"
		return
	fi
	wait "$machine"; status=$?
	if [ "$status" = "$2" ]; then echo "ok $1-ends"; return; fi
	echo "# status $status, expected $2; it said:"; tail -n 15 "$work/$1.log" | sed 's/^/#   /'
	echo "FAIL $1-ends"
}

# stop NAME STATUS: asks the server to end, as a service manager does.
stop() { kill -TERM "$machine" 2>/dev/null; ends "$1" "$2"; }

# compose NAME ARGUMENT...: an image test/NAME; with its failure the part of the test is over.
compose() {
	local name=$1; shift
	dory compose -q "test/$name" "$@" || { echo "FAIL $name-compose"; return 1; }
}

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }
fetch_sum() { curl -sSfk --max-time 60 "$@" | sha256sum | cut -d' ' -f1; }
# certificate FOLDER: key.pem and cert.pem for "localhost", self-made
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1/key.pem" -out "$1/cert.pem" -days 30 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
}
