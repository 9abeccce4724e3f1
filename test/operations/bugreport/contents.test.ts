import { readmeOf, summaryOf } from '../../../src/operations/bugreport/contents.ts';
import { expectGolden } from '../../support/golden.ts';

const FACTS = {
  ...{ id: '20261130-120000-0a1b2c', version: '1.2.3', vms: ['istio-vm'] },
  ...{ began: new Date('2026-11-30T12:00:00Z'), ended: new Date('2026-11-30T12:00:09Z') },
  files: [
    { path: 'checks.txt', text: '40 checks: 40 ok\n', isCut: false },
    { path: 'vm/istio-vm/journal.log', text: 'é'.repeat(500), isCut: true },
  ],
  missing: [{ part: 'vm/istio-vm/envoy/config_dump.json', reason: 'the admin port\ndoes not answer' }],
  removed: { token: 2, 'private-key': 1 },
};

test('the manifest of a bug report says what is in it, what was cut, what is missing, and which secrets were removed', () => {
  expectGolden('operations/bugreport/README.txt', readmeOf(FACTS));
  const own = new RegExp(`"node": "${process.version}",\n  "platform": "${process.platform} ${process.arch}"`);
  const summary = summaryOf(FACTS);
  expect(summary).toMatch(own);
  expectGolden('operations/bugreport/summary.json', summary.replace(own, '"node": "v0", "platform": "linux x64"'));
});

test('a report without a VM and without gaps says so', () => {
  const readme = readmeOf({ ...FACTS, vms: [], missing: [], removed: {} });
  expect(readme).toContain('Without a VM: the cluster only');
  expect(readme).toContain('Everything could be read.');
});
