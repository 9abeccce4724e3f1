import { packageChange } from '../../../src/operations/rollback/package-change.ts';
import type { AuditLine } from '../../../src/reconcile/audit.ts';

const [OLD, NEW] = ['istio-sidecar 1.29.0 deb aa', 'istio-sidecar 1.30.0 deb bb'];

interface Run {
  readonly command?: string;
  readonly packages?: readonly string[];
  readonly result?: string;
}

/** Both lines of each run; one without a result did not end. */
function audit(...runs: readonly Run[]): readonly AuditLine[] {
  return runs.flatMap(({ command = 'fleet apply', packages, result = 'changed' }, index) => {
    const about = { who: 'anna', plan: '', time: '', from: '', login: '', previous: '', ...(packages && { packages }) };
    const line = { ...about, command, run: `${index}` };
    return [
      { ...line, event: 'began' as const },
      { ...line, event: 'ended' as const, result },
    ];
  });
}

const joined = { packages: [OLD] };
const upgraded = { packages: [NEW] };
const back = { command: 'fleet rollback', packages: [OLD] };

test.each<[string, readonly Run[], string, string]>([
  ['an upgrade', [joined, upgraded], NEW, 'made'],
  ['a first join', [joined], OLD, 'made'],
  ['an upgrade that is followed by another change', [joined, upgraded, {}], NEW, 'none'],
  ['an upgrade and a repair of the same package', [joined, upgraded, upgraded], NEW, 'none'],
  ['an upgrade before a change by another command', [joined, upgraded, { command: 'capture' }], NEW, 'made'],
  ['an upgrade by another command', [joined, { ...upgraded, command: 'setup-vm' }], NEW, 'replaced'],
  [
    'an upgrade that was replaced by hand',
    [joined, upgraded, { command: 'setup-vm', packages: ['other'] }],
    'other',
    'replaced',
  ],
  ['an upgrade that was rolled back', [joined, upgraded, back], OLD, 'replaced'],
  ['an upgrade, its rollback, and the upgrade again', [joined, upgraded, back, upgraded], NEW, 'made'],
  [
    'an upgrade whose rollback was reverted',
    [joined, upgraded, { ...back, result: 'reverted: reverted' }],
    NEW,
    'made',
  ],
  [
    'a change of another thing, then an upgrade that was reverted',
    [joined, {}, { ...upgraded, result: 'reverted: reverted' }],
    OLD,
    'none',
  ],
  ['no run at all', [], OLD, 'none'],
])('what the last run of a fleet did to the package, after %s', (_what, runs, current, found) => {
  expect(packageChange(audit(...runs), { command: 'fleet apply', current })).toBe(found);
});
