import type { Script } from '../../host/shell.ts';

// Conditions are waited for on the VM, in one round trip: until the command says yes, or the limit in seconds ($1) is over.
// Traffic is made by an ordinary user: the sidecar's own user is never captured, and classic rules let root's traffic pass too.
const COMMON = `limit=$1; shift
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"
wait_for() {
  end=$(($(date +%s) + limit))
  until "$@"; do
    test "$(date +%s)" -lt "$end" || return 1
    sleep 0.05
  done
}
# METHOD PATH: Envoy's administration. curl starts in a third of the time that pilot-agent takes for its own start.
admin() {
  if command -v curl >/dev/null; then curl -sf --noproxy '*' --max-time 10 -X "$1" "http://127.0.0.1:15000/$2" 2>/dev/null
  else pilot-agent request "$1" "$2" 2>/dev/null
  fi
}
`;

const RESOLVES = `name=$1 as=$2
ask() { found=$(runuser -u "$as" -- getent ahosts "$name" | awk '{ print $1 }' | sort -u | tr '\\n' ' '); test -n "$found"; }
wait_for ask
echo "$found"
`;

const ANSWERS = `name=$1 port=$2 root=$3
address=$(getent ahosts "$name" | awk 'NR == 1 { print $1 }')
test -n "$address" || { echo 'no address'; exit 0; }
case $address in *:*) target="[$address]:$port" ;; *) target=$address:$port ;; esac
tls() {
  said=$(runuser -u istio-proxy -- timeout 5 openssl s_client -connect "$target" -servername "$name" -CAfile "$root" -verify_return_error -verify_hostname "$name" </dev/null 2>&1)
  case $said in *'Verify return code: 0 (ok)'*) return 0 ;; esac
  return 1
}
tcp() { runuser -u istio-proxy -- timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }
plain() { tcp; }
how=tcp
test -n "$root" || how=plain
if test -n "$root" && command -v openssl >/dev/null; then how=tls; fi
if wait_for "$how"; then echo "$how $target"; else echo "no $how $target"; echo "$said" | grep -iE 'error|refused|timed' | head -n 3; fi
ss -Htnp state established "dport = :$port" | grep -q pilot-agent && echo connected
exit 0
`;

const READY = `unit=$1
ready() {
  if command -v curl >/dev/null && curl -sf -o /dev/null --noproxy '*' --max-time 5 http://127.0.0.1:15021/healthz/ready; then return; fi
  pilot-agent wait --url http://127.0.0.1:15021/healthz/ready --timeoutSeconds "$limit" --periodMillis 20 >/dev/null 2>&1
}
if ready; then echo ready; exit 0; fi
systemctl show -p ActiveState,SubState,NRestarts "$unit"
tail -q -n 200 /var/log/istio/istio.err.log /var/log/istio/istio.log 2>/dev/null | grep -iE 'warn|error|fatal' | tail -n 3
`;

/** Envoy's answer to GET PATH, until the answer holds the pattern. */
const ADMIN = `path=$1 pattern=$2
ask() { answer=$(admin GET "$path"); echo "$answer" | grep -qE "$pattern"; }
wait_for ask
echo "$answer"
`;

const CERTIFICATE = `file=$1
ask() { test -s "$file"; }
wait_for ask
openssl x509 -noout -enddate -startdate -ext subjectAltName <"$file"
`;

const ACTIVE = `for unit; do
  running() { systemctl is-active -q "$unit"; }
  if wait_for running; then echo "$unit active"; else echo "$unit $(systemctl is-active "$unit")"; fi
done
`;

const CAPTURE = `/usr/local/lib/meshx/capture status`;

// Lines of KEY|TEXT. Counters and the log are read before and after, so that what is seen belongs to this connection.
const CONNECT = `name=$1 port=$2 path=$3 inbound=$4 first=$5
log=/var/log/istio/istio.log
# New connections and requests of the two clusters, from one answer: $out and $own.
count() {
  counted=$(admin GET clusters | awk -v out="outbound|$port||$name::" -v own="inbound|$port||::" -F '::' '
    NF < 2 || $(NF - 1) !~ /^(cx|rq)_total$/ { next }
    index($0, out) == 1 { n += $NF }
    index($0, own) == 1 { m += $NF }
    END { print n + 0, m + 0 }')
  out=\${counted% *} own=\${counted#* }
}
http() {
  if command -v curl >/dev/null; then runuser -u nobody -- curl -sS -i --max-time 5 "http://$name:$port$path" 2>&1; return; fi
  runuser -u nobody -- timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET %s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "$2" "$0:$1" >&3 && cat <&3' "$name" "$port" "$path" 2>&1
}
# Exit 3: no connection. 124: open and silent. Otherwise what came, or nothing before the end.
tcp() { runuser -u nobody -- bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 3; timeout 2 head -c 64 <&3' "$name" "$port" 2>/dev/null; }
connect() {
  if test -n "$path"; then http | tr -d '\\r' | head -n 60 >"$dir/answer"; code=0; else tcp >"$dir/answer"; code=$?; fi
  count
}
good() {
  connect
  # A server that speaks first may be slow with its first word: many look the client's name up before it.
  if test -n "$path"; then grep -qE '^HTTP/[0-9.]+ [1-4]' "$dir/answer" || return 1; else test -s "$dir/answer" || { test "$code" = 124 && test -z "$first"; } || return 1; fi
  # Several machines may serve the name: again, until the connection came back here.
  test -z "$inbound" || test "$own" -gt "$own_before"
}
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
size=$(wc -c <"$log" 2>/dev/null || echo 0)
count
before=$out own_before=$own
echo "address|$(runuser -u nobody -- getent ahosts "$name" | awk 'NR == 1 { print $1 }')"
wait_for good
echo "code|$code"
echo "bytes|$(wc -c <"$dir/answer")"
echo "outbound|$((out - before))"
echo "inbound|$((own - own_before))"
# An answer need not end with a line break; without one the log's first line would hang on to it.
if test -n "$path"; then sed 's/^/http|/' "$dir/answer"; else tr -cd '[:print:]' <"$dir/answer" | sed 's/^/text|/'; fi
echo
# Envoy writes its log once a second; opening it again makes it write at once. Its two sides log one after the other.
admin POST reopen_logs >/dev/null 2>&1
limit=3
logged() { tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -F "bound|$port||" >"$dir/log"; grep -qF "\${inbound:+in}bound|$port||" "$dir/log"; }
wait_for logged
tail -n 4 "$dir/log" | sed 's/^/log|/'
exit 0
`;

/** Size of the access log, or the lines of a port that were added since. */
const LOG = `port=$1 size=$2
log=/var/log/istio/istio.log
test -n "$size" || { wc -c <"$log" 2>/dev/null || echo 0; exit 0; }
limit=3
logged() { tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -qF "inbound|$port||"; }
wait_for logged
tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -F "inbound|$port||" | tail -n 4
exit 0
`;

const TEXTS = {
  resolves: RESOLVES,
  answers: ANSWERS,
  ready: READY,
  admin: ADMIN,
  certificate: CERTIFICATE,
  active: ACTIVE,
  capture: CAPTURE,
  connect: CONNECT,
  log: LOG,
} as const;

/** One read-only question to the VM, which waits up to `seconds` for its condition. */
export function proofScript(name: keyof typeof TEXTS, seconds: number, args: readonly string[]): Script {
  return { name: `prove-${name}`, text: COMMON + TEXTS[name], args: [String(seconds), ...args] };
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [...Object.values(TEXTS).map((text) => COMMON + text)];
