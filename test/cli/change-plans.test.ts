import { jest } from '@jest/globals';
import type { Result } from '../../src/checks/check.ts';
import { formatPhase } from '../../src/cli/change-text.ts';
import { concludeChange } from '../../src/cli/conclude.ts';
import { turnCapture } from '../../src/operations/capture.ts';
import type { ChangeEvent } from '../../src/operations/change/event.ts';
import type { Changed } from '../../src/operations/change/plan-or-change.ts';
import { configure } from '../../src/operations/configure/configure.ts';
import type { World } from '../../src/world.ts';
import { LiveVm } from '../operations/change/live-vm.ts';
import { expectGolden } from '../support/golden.ts';

jest.setTimeout(60_000);

const OPTIONS = { remove: [], image: false, confirmWithin: 90, restart: { allowed: true, limitMs: 30_000 } };

const world = (vm: LiveVm): World => ({
  ...{ env: {}, cwd: '/', home: '/', version: '1.2.3', note: () => undefined },
  ...{ now: () => new Date(2026, 0, 31, 9, 8, 41), signal: vm.system.operator.signal },
});

function calling(vm: LiveVm, dryRun: boolean) {
  const events: string[] = [];
  const login = () => vm.login();
  const observe = (event: { readonly kind: string }): void => void events.push(event.kind);
  return { vm: 'vm1', command: 'meshx c vm1', again: 'meshx c vm1', login, dryRun, observe, events };
}

const portsOf = (vm: LiveVm, ports: string, dryRun: boolean): Promise<Changed<Result>> =>
  configure(world(vm), calling(vm, dryRun), { ...OPTIONS, keys: { ISTIO_INBOUND_PORTS: ports } });

function printed(report: Changed<Result>, exitCode = false): { readonly text: string; readonly code: number } {
  const lines: string[] = [];
  const terminal = {
    out: (given: string | readonly string[]) => void lines.push(...[given].flat()),
    color: false,
    tell: () => undefined,
    verbosity: 'normal' as const,
  };
  const code = concludeChange({ terminal: { ...terminal, err: () => undefined }, output: 'text', exitCode }, report);
  return { text: `${lines.join('\n')}\n`, code };
}

describe('configure', () => {
  let vm: LiveVm;
  let planned: Changed<Result>;

  beforeAll(async () => {
    vm = new LiveVm();
    // Brings the units to their present form, so that what is left to do is the setting.
    expect((await portsOf(vm, '8080', false)).problem).toBeUndefined();
    vm.system.ran.length = 0;
    planned = await portsOf(vm, '3306', true);
  });

  test('--dry-run prints drain, switch, changes and checks, and changes nothing', () => {
    expectGolden('cli/change-plans/configure.txt', printed(planned).text);
    expect(printed(planned, true).code).toBe(3);
    expect(vm.read('/var/lib/istio/envoy/sidecar.env')).toContain('ISTIO_INBOUND_PORTS=8080');
    expect(new Set(vm.system.ran)).toEqual(new Set(['find-switch', 'mesh-connections', 'switch-read']));
  });

  test('carries out what --dry-run printed, byte for byte', async () => {
    const report = await portsOf(vm, '3306', false);
    expect(printed(report)).toEqual({ text: printed(planned).text, code: 0 });
    expect(vm.read('/var/lib/istio/envoy/sidecar.env')).toContain('ISTIO_INBOUND_PORTS=3306');
    expect([vm.system.ended, vm.system.ran.at(-1)]).toEqual(['confirmed', 'run-end']);
  });

  test('has nothing left to do after it', async () => {
    const report = await portsOf(vm, '3306', true);
    expect(printed(report, true).code).toBe(0);
    expect(report.phases.flatMap(({ changes }) => changes)).toEqual([]);
  });
});

describe('capture', () => {
  const turned = (vm: LiveVm, to: 'on' | 'off', dryRun: boolean, observe = calling(vm, dryRun).observe) =>
    turnCapture(world(vm), { ...calling(vm, dryRun), observe }, { to, confirmWithin: 90 });
  const text = ({ phases }: Changed<Result>): string =>
    `${phases.flatMap((phase) => formatPhase({ ...phase, seen: [] })).join('\n')}\n`;

  test('on --dry-run prints the switch and the change, and apply does it byte for byte', async () => {
    const vm = new LiveVm();
    const planned = await turned(vm, 'on', true);
    expectGolden('cli/change-plans/capture-on.txt', text(planned));
    expect([planned.status, planned.state.captured, vm.system.ran]).toEqual(['planned', false, ['switch-read']]);
    const heard: ChangeEvent<Result>[] = [];
    const done = await turned(vm, 'on', false, (event) => void heard.push(event as ChangeEvent<Result>));
    expect(text(done)).toBe(text(planned));
    expect([done.status, done.state.captured, vm.system.ended]).toEqual(['changed', true, 'confirmed']);
    expect(heard).toContainEqual({ kind: 'heard', name: 'bypass', text: 'capture is on' });
  });

  test('off needs no switch, and nothing is done where it is off', async () => {
    const vm = new LiveVm();
    await turned(vm, 'on', false);
    vm.system.ran.length = 0;
    const planned = await turned(vm, 'off', true);
    expectGolden('cli/change-plans/capture-off.txt', text(planned));
    expect(text(await turned(vm, 'off', false))).toBe(text(planned));
    expect(vm.system.ran).toEqual(['run-begin', 'bypass', 'run-end']);
    expect(await turned(vm, 'off', false)).toMatchObject({ status: 'unchanged', phases: [] });
  });

  test('a run that holds the lock stops it, and the state is still known', async () => {
    const vm = new LiveVm();
    vm.system.locked = true;
    expect(await turned(vm, 'on', false)).toMatchObject({ problem: { id: 'vm-locked' }, state: { captured: false } });
  });
});
