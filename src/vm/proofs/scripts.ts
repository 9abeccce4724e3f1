import type { Script } from '../../host/shell.ts';
import { ANSWERS } from './answers-shell.ts';

const RESOLVES = `name=$1 as=$2
  ask() { found=$(runuser -u "$as" -- getent ahosts "$name"); test -n "$found"; }
  wait_for ask
  echo "$found"`;

const ANSWERING = `name=$1 port=$2 root=$3
  found=$(getent ahosts "$name")
  address=\${found%% *} said=
  test -n "$address" || { echo 'no address'; return; }
  case $address in *:*) target="[$address]:$port" ;; *) target=$address:$port ;; esac
  tls() {
    said=$(runuser -u istio-proxy -- timeout 5 openssl s_client -connect "$target" -servername "$name" -CAfile "$root" -verify_return_error -verify_hostname "$name" </dev/null 2>&1)
    case $said in *'Verify return code: 0 (ok)'*) return 0 ;; esac
    return 1
  }
  # shellcheck disable=SC2016 # bash expands it
  tcp() { runuser -u istio-proxy -- timeout 5 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }
  plain() { tcp; }
  how=tcp
  test -n "$root" || how=plain
  if test -n "$root" && command -v openssl >/dev/null; then how=tls; fi
  if wait_for "$how"; then echo "$how $target"; else echo "no $how $target"; echo "$said" | grep -iE 'error|refused|timed' | head -n 3; fi
  case $(ss -Htne state established "dport = :$port") in *" uid:$(id -u istio-proxy) "*) echo connected ;; esac`;

const READY = `unit=$1
  ready() {
    if command -v curl >/dev/null && curl -sf -o /dev/null --noproxy '*' --max-time 5 http://127.0.0.1:15021/healthz/ready; then return; fi
    pilot-agent wait --url http://127.0.0.1:15021/healthz/ready --timeoutSeconds "$limit" --periodMillis 20 >/dev/null 2>&1
  }
  if ready; then echo ready; return; fi
  systemctl show -p ActiveState,SubState,NRestarts "$unit"
  tail -q -n 200 /var/log/istio/istio.err.log /var/log/istio/istio.log 2>/dev/null | grep -iE 'warn|error|fatal' | tail -n 3`;

/** Envoy's answer to GET PATH, until the answer holds the pattern, which is one of the shell's. */
const ADMIN = `path=$1 pattern=$2
  ask() {
    found=$(admin GET "$path")
    case $found in *$pattern*) ;; *) return 1 ;; esac
  }
  wait_for ask
  printf '%s\\n' "$found"`;

const CERTIFICATE = `file=$1
  ask() { test -s "$file"; }
  wait_for ask
  openssl x509 -noout -enddate -startdate -ext subjectAltName <"$file"`;

const ACTIVE = `for unit; do
    running() { systemctl is-active -q "$unit"; }
    if wait_for running; then echo "$unit active"; else echo "$unit $(systemctl is-active "$unit")"; fi
  done`;

const CAPTURE = `/usr/local/lib/meshx/capture status`;

/** Size of the access log, or the lines of a port that were added since. */
const LOG = `port=$1 size=$2
  log=/var/log/istio/istio.log
  test -n "$size" || { wc -c <"$log" 2>/dev/null || echo 0; return; }
  limit=3
  logged() { tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -qF "inbound|$port||"; }
  wait_for logged
  tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -F "inbound|$port||" | tail -n 4`;

const TEXTS = {
  resolves: RESOLVES,
  answers: ANSWERING,
  ready: READY,
  admin: ADMIN,
  certificate: CERTIFICATE,
  active: ACTIVE,
  capture: CAPTURE,
  log: LOG,
} as const;

/** What the machine can be asked. */
export type QuestionName = keyof typeof TEXTS;

const FUNCTIONS = Object.entries(TEXTS).map(([name, text]) => `prove_${name}() {\n  ${text}\n}\n`);

/** Behind LIMIT and MOST: NAME COUNT and as many words for each question. All are asked side by side. */
const PROVE = `${ANSWERS}${FUNCTIONS.join('')}
# COUNT FUNCTION WORD…: the function with so many of the words.
with_first() {
  left=$1 what=$2
  shift 2
  rest=$(($# - left))
  while test "$left" -gt 0; do
    set -- "$@" "$1"
    shift
    left=$((left - 1))
  done
  shift "$rest"
  "$what" "$@"
}
answers_begin
answers_watch
asked=0
while test $# -gt 1; do
  case $1 in '' | *[!a-z]*) exit 64 ;; esac
  command -v "prove_$1" >/dev/null || exit 64
  question=prove_$1 count=$2 asked=$((asked + 1))
  numbers="$numbers $asked"
  shift 2
  answer "$asked" with_first "$count" "$question" "$@" &
  workers="$workers $!"
  shift "$count"
done
answers_end
answers_print 0
`;

/** One question with its words. */
export interface Question {
  readonly name: QuestionName;
  readonly words: readonly string[];
}

/** Read-only questions to the VM, each of which waits up to `seconds` for its condition. All end after `most` seconds. */
export function proofScript(questions: readonly Question[], { seconds, most }: ProofLimits): Script {
  const words = questions.flatMap(({ name, words }) => [name, String(words.length), ...words]);
  return { name: 'prove', text: PROVE, args: [String(seconds), String(most), ...words] };
}

/** Of a condition, and of all that is asked with it. Seconds. */
export interface ProofLimits {
  readonly seconds: number;
  readonly most: number;
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [PROVE];
