import type { Host, Output } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { refuseNewer } from '../reconcile/formats.ts';
import type { PlannedStep } from '../reconcile/plan.ts';
import { shellFile } from '../text-files.ts';
import { valueOf } from './key-values.ts';
import { PLACES } from './places.ts';

/** Units whose start may break connections. */
const SIDECAR_UNITS = ['istio.service', 'meshx-capture.service'] as const;

/** The state of the VM's dead-man switch (systemd/dead-man). Times are of the VM's clock, `2026-01-31T09:10:11Z`. */
export interface SwitchState {
  /**
   * A run armed it and neither confirmed nor rolled back: it is in progress, or it died. `reverting`: why the VM is rolling back,
   * which it tries until every rule is gone.
   */
  readonly armed?: { readonly since: string; readonly until: string; readonly by: string; readonly reverting?: string };
  /** It rolled back, and no run was confirmed since. `kept`: nothing had been started, so the sidecar kept running. */
  readonly reverted?: { readonly at: string; readonly why: string; readonly by: string; readonly kept: boolean };
  /** Since when meshx-bypass keeps the machine out of the mesh. */
  readonly bypassedSince?: string;
}

/** Exit codes of systemd/arming. */
const CODES = { reverted: 190, notArmed: 191, busy: 192, notReady: 193 } as const;

/** Whether the step may start or restart the sidecar or capture. Steps after the checks only enable units. */
export function startsSidecar({ changes, touches, when }: PlannedStep): boolean {
  const units: readonly string[] = touches.units ?? [];
  return when === undefined && changes.length > 0 && SIDECAR_UNITS.some((unit) => units.includes(unit));
}

/** Parses the lines `armed-KEY=`, `reverting=`, `reverted-KEY=` and `bypassed-since=` of `dead-man switch`. Pure. */
export function parseSwitch(text: string): SwitchState {
  const value = (key: string): string | undefined => valueOf(text, key);
  const [until, why, bypassedSince] = [value('armed-until'), value('reverted-why'), value('bypassed-since')];
  const reverting = value('reverting');
  return {
    ...(until !== undefined && {
      armed: {
        ...{ until, since: value('armed-since') ?? '', by: value('armed-by') ?? '' },
        ...(reverting !== undefined && { reverting }),
      },
    }),
    ...((why ?? value('reverted-since')) !== undefined && {
      reverted: {
        at: value('reverted-reverted') ?? value('reverted-until') ?? '',
        why: why ?? 'not confirmed in time',
        by: value('reverted-by') ?? '',
        kept: value('reverted-kept') === 'yes',
      },
    }),
    ...(bypassedSince !== undefined && { bypassedSince }),
  };
}

/** What an earlier run left on the VM, as sentences for the operator. Pure. */
export function switchNotes(vm: string, { armed, reverted, bypassedSince }: SwitchState): readonly string[] {
  const reverting = armed?.reverting;
  return [
    ...(armed && reverting === undefined
      ? [`${vm}: an earlier run by ${armed.by} that started at ${armed.since} did not finish; this run takes over.`]
      : []),
    ...(armed && reverting !== undefined
      ? [`${vm}: an earlier run by ${armed.by} was not confirmed, and the VM is rolling back: ${reverting}.`]
      : []),
    ...(reverted
      ? [
          `${vm}: an earlier run by ${reverted.by} was not confirmed, and the VM rolled itself back at ${reverted.at}: ${reverted.why}.`,
        ]
      : []),
    ...(bypassedSince
      ? [`${vm}: meshx-bypass kept it out of the mesh since ${bypassedSince}; this run turns capture on again.`]
      : []),
  ];
}

const READ = shellFile(new URL('./switch-read.root.sh', import.meta.url));
const REVERT = shellFile(new URL('./switch-revert.root.sh', import.meta.url));
const ARM = shellFile(new URL('./switch-arm.root.sh', import.meta.url));
const CONFIRM = shellFile(new URL('./switch-confirm.root.sh', import.meta.url));

/** Reads the switch; empty on a machine without one. Throws `format-newer` and what `Host.run` throws. */
export async function readSwitch(host: Host, signal?: AbortSignal): Promise<SwitchState> {
  const { stdout } = await runScript(host, READ, [], { signal, timeoutMs: 20_000 });
  const format = /^(armed|reverted)-format=(\d+)$/m.exec(stdout);
  if (format)
    refuseNewer({ host: host.name, kind: 'switch', file: `${PLACES.state}/${format[1]}`, format: Number(format[2]) });
  return parseSwitch(stdout);
}

const FIND = shellFile(new URL('./find-switch.root.sh', import.meta.url));

/** Whether the VM has a dead-man switch. A VM joined by hand has none; one joined by an older meshx gets its own with setup-vm. */
export async function hasSwitch(host: Host, signal: AbortSignal): Promise<boolean> {
  return (await runScript(host, FIND, [PLACES.capture, PLACES.revertTimer], { signal })).exitCode === 0;
}

/** Who arms the switch, and for how many seconds. */
export interface Arming {
  readonly within: number;
  readonly by: string;
}

/**
 * Arms the switch: without `confirm` within the seconds, or at a reboot, it removes capture. Arming again restarts the time. Throws
 * `dead-man-switch-failed`; then nothing may be started.
 */
export async function arm(host: Host, { within, by }: Arming, signal?: AbortSignal): Promise<SwitchState> {
  const output = await runScript(host, ARM, [String(within), by], { signal, timeoutMs: 30_000 });
  if (output.exitCode !== 0) throw vmProblems.switchFailed({ vm: host.name, said: said(output) });
  return parseSwitch(output.stdout);
}

/** What the operator confirms. */
export interface Confirming {
  /** The command that continues after a failure. */
  readonly again: string;
  /** Units that are to start at boot; the sidecar's always do, and of the others the machine enables only the agent's. */
  readonly atBoot: readonly string[];
}

/**
 * Disarms the switch and enables the units at boot; call it over a login that was opened after capture started. Throws `reverted` if
 * the VM has rolled back, `not-confirmed` if the sidecar is not ready or another process disarmed the switch.
 */
export async function confirm(host: Host, { again, atBoot }: Confirming, signal?: AbortSignal): Promise<void> {
  const output = await runScript(host, CONFIRM, atBoot, { signal, timeoutMs: 60_000 });
  if (output.exitCode === 0) return;
  const details = { vm: host.name, again, why: said(output) };
  if (output.exitCode !== CODES.reverted) throw vmProblems.notConfirmed(details);
  const { reverted } = parseSwitch(output.stdout);
  throw vmProblems.reverted({ ...details, seen: [], why: reverted?.why ?? details.why, kept: reverted?.kept ?? false });
}

/**
 * Rolls back at once; after a lost connection or a failure the machine's own timer continues. Returns the rollback, also if the timer
 * came first; undefined if another process confirmed before. Throws `dead-man-switch-failed`.
 */
export async function revertNow(host: Host, why: string, signal?: AbortSignal): Promise<SwitchState['reverted']> {
  const output = await runScript(host, REVERT, [why], { signal, timeoutMs: 45_000 });
  if (output.exitCode !== 0) throw vmProblems.switchFailed({ vm: host.name, said: said(output) });
  return parseSwitch(output.stdout).reverted;
}

function said({ stdout, stderr, exitCode }: Output): string {
  const text = stderr.trim() || stdout.trim() || `exit code ${exitCode}`;
  return text
    .split('\n')
    .slice(-5)
    .join('; ')
    .slice(0, 500)
    .replaceAll(/meshx (?:capture|dead-man): /g, '');
}
