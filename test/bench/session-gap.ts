// The longest gap of a login that ticks every 10 ms: in a quiet minute, and while `meshx up` starts capture; and how
// long the VM takes to roll back after its deadline. Run: MESHX_LAB=bench npx tsx test/bench/session-gap.ts [SECONDS OF
// QUIET]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Lab } from '../lab/lab.ts';
import { sshArgv } from '../lab/operator.ts';

const VM = 'gap';
const IP = '10.150.0.71';

/** A login that prints a tick every 10 ms, and when each arrived. */
class Ticks implements Disposable {
  readonly #child: ChildProcess;
  readonly #times: number[] = [];

  constructor(lab: Lab) {
    const [program = '', ...args] = sshArgv(lab.names, VM, ['while :; do echo tick; sleep 0.01; done']);
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', () => this.#times.push(performance.now()));
  }

  /** Milliseconds of the longest silence between two moments. */
  longestGap(from: number, to: number): number {
    const times = [from, ...this.#times.filter((time) => time > from && time < to), to];
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? from)));
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

const up = (lab: Lab, ...more: readonly string[]): readonly string[] => [
  ...['up', VM, '-n', 'gap', '--service', 'gapdb:3306', '--package', lab.deb, '--istiod-address', '10.150.0.1'],
  ...['--accept-risk=outside-client-hangs', ...more],
];

/** Milliseconds from the start to the first word, and all that was said. */
async function run(lab: Lab, args: readonly string[], until?: string): Promise<{ said: string; code: number | null }> {
  const [program = '', ...rest] = lab.meshxArgv(args);
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: lab.home });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (until !== undefined && said.includes(until)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return { said, code: child.exitCode };
}

const lab = await Lab.attach();
await lab.vm(VM, IP, { mysql: 'any' });
try {
  const quietSeconds = Number(process.argv[2] ?? 60);
  using ticks = new Ticks(lab);
  await pause(1000);
  const begin = performance.now();
  await pause(quietSeconds * 1000);
  const joined = performance.now();
  const first = await run(lab, up(lab));
  const end = performance.now();
  if (first.code !== 0) throw new Error(first.said);
  const quietMs = ticks.longestGap(begin, joined);
  const upMs = ticks.longestGap(joined, end);
  const restarts: number[] = [];
  for (let round = 0; round < 3; round++) {
    await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
    const start = performance.now();
    await lab.mustSsh(VM, 'systemctl start meshx-capture.service');
    restarts.push(ticks.longestGap(start, performance.now()));
  }
  await lab.mustSsh(VM, 'systemctl stop istio.service');
  await run(lab, up(lab, '--confirm-within', '10'), '+ Capture traffic');
  const look =
    'until=$(date -d "$(sed -n s/^until=//p /var/lib/meshx/armed)" +%s); while iptables-save 2>/dev/null | grep -q "^:ISTIO_"; do sleep 0.01; done; rules=$(date +%s.%N); while ! grep -q ^kept= /var/lib/meshx/reverted; do sleep 0.01; done; echo "$until $rules $(date +%s.%N)"';
  const [due = 0, rules = 0, done = 0] = (await lab.mustSsh(VM, look, { timeoutMs: 60_000 }))
    .trim()
    .split(' ')
    .map(Number);
  // The timer counts from its start, `until` is in whole seconds: up to a second is that.
  console.log(
    JSON.stringify({
      quietSeconds,
      longestGapQuietMs: Math.round(quietMs),
      longestGapUpMs: Math.round(upMs),
      longestGapCaptureStartMs: restarts.map(Math.round),
      rulesGoneAfterDueSeconds: Number((rules - due).toFixed(2)),
      revertCompleteAfterDueSeconds: Number((done - due).toFixed(2)),
    }),
  );
} finally {
  await lab.removeVm(VM);
}
