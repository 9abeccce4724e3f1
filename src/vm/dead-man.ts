import type { Host, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { refuseNewer } from '../reconcile/formats.ts';
import type { PlannedStep } from '../reconcile/plan.ts';
import { PLACES } from './places.ts';
import { shellFile } from '../text-files.ts';

/** Units whose start may take connections away. */
const SIDECAR_UNITS = ['istio.service', 'meshx-capture.service'] as const;

/** What the VM's dead-man switch (systemd/dead-man) says of itself. Times as the VM's clock has them, `2026-01-31T09:10:11Z`. */
export interface SwitchState {
  /**
   * A run has armed it and has neither confirmed nor gone back: it is under way, or it died. `reverting`: why the VM is going
   * back; it tries until every rule is gone.
   */
  readonly armed?: { readonly since: string; readonly until: string; readonly by: string; readonly reverting?: string };
  /** It went back, and no run was confirmed since. `kept`: nothing had been started yet, so what ran was left running. */
  readonly reverted?: { readonly at: string; readonly why: string; readonly by: string; readonly kept: boolean };
  /** Since when meshx-bypass keeps the machine out of the mesh. */
  readonly bypassedSince?: string;
}

/** Exit codes of systemd/arming. */
const CODES = { reverted: 190, notArmed: 191, busy: 192, notReady: 193 } as const;

/** Whether the step may start or restart the sidecar or capture. Steps after the proof only enable. */
export function startsSidecar({ changes, touches, when }: PlannedStep): boolean {
  const units: readonly string[] = touches.units ?? [];
  return when === undefined && changes.length > 0 && SIDECAR_UNITS.some((unit) => units.includes(unit));
}

/** Reads the lines `armed-KEY=`, `reverting=`, `reverted-KEY=` and `bypassed-since=` of `dead-man switch`. Pure. */
export function parseSwitch(text: string): SwitchState {
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim();
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

/** What an earlier run left on the VM, in sentences for the operator. Pure. */
export function switchNotes(vm: string, { armed, reverted, bypassedSince }: SwitchState): readonly string[] {
  const reverting = armed?.reverting;
  return [
    ...(armed && reverting === undefined
      ? [`${vm}: an earlier run by ${armed.by} ended at some time after ${armed.since} without a word; taken over.`]
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
      ? [`${vm}: meshx-bypass kept it out of the mesh since ${bypassedSince}; this run brings it back.`]
      : []),
  ];
}

const READ = shellFile(new URL('./switch-read.root.sh', import.meta.url));
const REVERT = shellFile(new URL('./switch-revert.root.sh', import.meta.url));
const ARM = shellFile(new URL('./switch-arm.root.sh', import.meta.url));
const CONFIRM = shellFile(new URL('./switch-confirm.root.sh', import.meta.url));

/** What the switch of a machine says; empty for a machine that has none. Throws `format-newer` and what `Host.run` throws. */
export async function readSwitch(host: Host, signal?: AbortSignal): Promise<SwitchState> {
  const command = scriptCommand({ ...READ, args: [] });
  const { stdout } = await host.run({ ...command, timeoutMs: 20_000 }, signal);
  const format = /^(armed|reverted)-format=(\d+)$/m.exec(stdout);
  if (format)
    refuseNewer({ host: host.name, kind: 'switch', file: `${PLACES.state}/${format[1]}`, format: Number(format[2]) });
  return parseSwitch(stdout);
}

const FIND = shellFile(new URL('./find-switch.root.sh', import.meta.url));

/** Whether the VM has a dead-man switch. A VM joined by hand has none; one joined by an older meshx gets its own with setup-vm. */
export async function hasSwitch(host: Host, signal: AbortSignal): Promise<boolean> {
  const script = { ...FIND, args: [PLACES.capture, PLACES.revertTimer] };
  return (await host.run(scriptCommand(script), signal)).exitCode === 0;
}

/** Who arms, and for how many seconds. */
export interface Arming {
  readonly within: number;
  readonly by: string;
}

/**
 * Arms the switch: unless `confirm` comes within the seconds, or when the machine is started again, it takes capture away. One
 * that is armed already begins anew. Throws `dead-man-switch-failed`: then nothing may be started.
 */
export async function arm(host: Host, { within, by }: Arming, signal?: AbortSignal): Promise<SwitchState> {
  const output = await host.run(
    { ...scriptCommand({ ...ARM, args: [String(within), by] }), timeoutMs: 30_000 },
    signal,
  );
  if (output.exitCode !== 0) throw vmProblems.switchFailed({ vm: host.name, said: said(output) });
  return parseSwitch(output.stdout);
}

/**
 * Disarms the switch and lets the units start at boot; to be called over a login that was made after capture started. Throws
 * `reverted` when it went back before, `not-confirmed` when the sidecar is not ready or somebody else disarmed it.
 */
export async function confirm(host: Host, again: string, signal?: AbortSignal): Promise<void> {
  const output = await host.run({ ...scriptCommand({ ...CONFIRM, args: [] }), timeoutMs: 60_000 }, signal);
  if (output.exitCode === 0) return;
  const details = { vm: host.name, again, why: said(output) };
  if (output.exitCode !== CODES.reverted) throw vmProblems.notConfirmed(details);
  const { reverted } = parseSwitch(output.stdout);
  throw vmProblems.reverted({ ...details, seen: [], why: reverted?.why ?? details.why, kept: reverted?.kept ?? false });
}

/**
 * Goes back at once; the machine's own timer goes on with it when the connection is lost or something fails. What the machine says
 * of it, also when its timer came first; undefined when it did not go back, as somebody else confirmed. Throws
 * `dead-man-switch-failed`.
 */
export async function revertNow(host: Host, why: string, signal?: AbortSignal): Promise<SwitchState['reverted']> {
  const revert = scriptCommand({ ...REVERT, args: [why] });
  const output = await host.run({ ...revert, timeoutMs: 45_000 }, signal);
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
