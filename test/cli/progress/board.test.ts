import { boardLines, onlyLine } from '../../../src/cli/progress/board.ts';
import { recapLine } from '../../../src/cli/progress/recap.ts';
import {
  after,
  ended,
  isProgress,
  type ProgressEvent,
  type VmState,
  waiting,
} from '../../../src/cli/progress/vm-state.ts';
import { expectGolden } from '../../support/golden.ts';

const phase = (id: string, title: string) => ({ kind: 'step' as const, id, title, changes: [] });
const INSTALL = phase('package', 'Install the sidecar');
const REGISTER = phase('registration', 'Register');

/** A VM after events, one each second from the first one on. */
function vm(name: string, ...events: readonly ProgressEvent[]): VmState {
  return events.reduce((state, event, index) => after(state, event, index * 1000), waiting(name));
}

const began = (of: typeof INSTALL): ProgressEvent => ({ kind: 'began', phase: of });
const done = (of: typeof INSTALL): ProgressEvent => ({
  kind: 'phase',
  phase: { ...of, status: 'changed', seen: [], ms: 1 },
});
const sent = (bytes: number, total?: number, isEnd = false): ProgressEvent => ({
  kind: 'sent',
  name: 'package-unpack',
  upload: { bytes, ...(total !== undefined && { total }), ended: isEnd },
});
const CONNECT: ProgressEvent = { kind: 'doing', what: 'connect' };
const INSPECT: ProgressEvent = { kind: 'doing', what: 'inspect' };

test('a VM shows what is being done, for how long, and how many bytes are on their way', () => {
  expect(onlyLine(waiting('db-1'), 0)).toEqual([]);
  const steps: readonly (readonly ProgressEvent[])[] = [
    [CONNECT],
    [CONNECT, INSPECT],
    [CONNECT, INSPECT, began(REGISTER), sent(8_100_000)],
    [began(REGISTER), done(REGISTER), began(INSTALL), sent(12_345_678, 45_000_000)],
    [began(INSTALL), sent(45_000_000, 45_000_000, true)],
    [began(INSTALL), done(INSTALL)],
    [CONNECT, { kind: 'waits', what: 'until clients have left', limitMs: 600_000 }],
  ];
  const lines = steps.flatMap((events) => onlyLine(vm('db-1', ...events), 64_300));
  expectGolden('cli/progress/one-vm.txt', `${lines.join('\n')}\n`);
});

const ENDS: readonly VmState[] = [
  vm('db-1', CONNECT),
  vm('db-10', began(INSTALL), sent(1_000_000)),
  ended(vm('web-1', CONNECT), 'changed', { at: 4200 }),
  ended(vm('web-2', CONNECT), 'ok', { at: 900 }),
  ended(vm('web-3', CONNECT), 'failed', { at: 2000, reason: 'web-3 presented a host key that is not in known_hosts.' }),
  ended(waiting('web-4'), 'skipped', { at: 2000, reason: 'the canary failed' }),
  waiting('web-5'),
];

test('many VMs have a line each and the sums', () => {
  expectGolden('cli/progress/many-vms.txt', `${boardLines(ENDS, 5000, 24).join('\n')}\n`);
});

test('without room for all, the running and the failed ones are shown, and all are counted', () => {
  const many = [...ENDS, ...Array.from({ length: 193 }, (_, index) => waiting(`more-${index}`))];
  expectGolden('cli/progress/200-vms.txt', `${boardLines(many, 5000, 5).join('\n')}\n`);
  expect(boardLines(many, 5000, 2)).toHaveLength(2);
  expect(boardLines(many, 5000, 1)).toEqual([expect.stringMatching(/^200 VMs: 2 running/)]);
});

test('the recap counts how the VMs ended', () => {
  expect(recapLine(['ok', 'changed', 'ok', 'failed'])).toBe('recap: 2 ok, 1 changed, 1 failed, 0 skipped');
});

test('only events of a change move the view', () => {
  expect(isProgress({ kind: 'repeated' })).toBe(false);
  expect(isProgress(CONNECT)).toBe(true);
});
