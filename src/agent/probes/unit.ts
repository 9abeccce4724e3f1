import type { Attempt } from './attempt.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { run } from './program.ts';
import { plain } from './reason.ts';

/** Ready if the systemd unit is active. Any user may ask (systemctl(1), `show`). */
export async function unit(
  { name }: Method<'unit'>,
  attempt: Attempt,
  systemctl = '/usr/bin/systemctl',
): Promise<ProbeResult> {
  const argv = [systemctl, 'show', '--property=LoadState,ActiveState,SubState', '--', name];
  const { code, stdout, stderr } = await run(attempt, argv);
  if (code !== 0) return failed(`systemctl: ${plain(stderr, 100) || `exit code ${code ?? 'none'}`}`);
  const state = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const [load, active, sub] = ['LoadState', 'ActiveState', 'SubState'].map((key) => plain(state.get(key) ?? '', 30));
  if (load === 'not-found') return failed(`systemd does not know ${name}`);
  // A service that reloads its configuration still serves.
  const isUp = active === 'active' || active === 'reloading' || active === 'refreshing';
  return (isUp ? ok : failed)(`${active || 'no state'} (${sub || 'unknown'})`);
}
