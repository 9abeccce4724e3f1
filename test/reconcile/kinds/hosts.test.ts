import fc from 'fast-check';
import { editHosts } from '../../../src/reconcile/kinds/hosts.ts';

const want = { address: '10.150.0.20', names: ['istiod.istio-system.svc', 'istiod'] };
const OURS = '10.150.0.20 istiod.istio-system.svc istiod # meshx';

/** The address that a resolver reads for a name: the first line that has it. */
function lookup(text: string, name: string): string | undefined {
  const lines = text.split('\n').map((line) => (line.split('#')[0] ?? '').trim().split(/\s+/));
  return lines.find((words) => words.slice(1).some((word) => word.toLowerCase() === name))?.[0];
}

test.each([
  ['', `${OURS}\n`],
  ['127.0.0.1 localhost\n', `127.0.0.1 localhost\n${OURS}\n`],
  ['127.0.0.1 localhost', `127.0.0.1 localhost\n${OURS}\n`],
  ['10.0.0.9\tistiod.istio-system.svc\n127.0.0.1 localhost\n', `127.0.0.1 localhost\n${OURS}\n`],
  ['10.0.0.9\tISTIOD  other # by hand\n', `10.0.0.9  other # by hand\n${OURS}\n`],
  ['10.0.0.9 istiod # meshx\n127.0.0.1 localhost\n', `${OURS}\n127.0.0.1 localhost\n`],
  [`${OURS}\n${OURS}\n`, `${OURS}\n`],
  [`127.0.0.1 localhost\n${OURS}`, `127.0.0.1 localhost\n${OURS}`],
  ['10.0.0.9  istiod\n', `${OURS}\n`],
  ['10.0.0.9   istiod  other\n', `10.0.0.9  other\n${OURS}\n`],
  [' istiod istiod other\n', ` istiod other\n${OURS}\n`],
  ['10.0.0.9 istiod2 # istiod\n', `10.0.0.9 istiod2 # istiod\n${OURS}\n`],
  ['10.0.0.9 other # meshx\n', `10.0.0.9 other # meshx\n${OURS}\n`],
  ['#10.0.0.9 istiod\n\n', `#10.0.0.9 istiod\n\n${OURS}\n`],
])('%j becomes %j', (before, after) => {
  expect(editHosts(before, want)).toBe(after);
});

test('two entries of meshx coexist', () => {
  const both = editHosts(editHosts('127.0.0.1 localhost\n', want), { address: '10.150.0.5', names: ['istio-vm'] });
  expect(both).toBe(`127.0.0.1 localhost\n${OURS}\n10.150.0.5 istio-vm # meshx\n`);
  expect(editHosts(both, want)).toBe(both);
});

test('whatever the file holds: the names have the address, a second edit changes nothing, other names keep theirs', () => {
  const name = fc.constantFrom('localhost', 'istiod', 'Istiod', 'vm', 'istiod.istio-system.svc', 'db');
  const line = fc.oneof(
    fc.constantFrom('', '# a comment', '  # indented istiod', OURS, '10.1.1.1 istiod # meshx', '::1'),
    fc
      .tuple(
        fc.constantFrom('127.0.0.1', '::1', '10.0.0.9', '\t10.0.0.8'),
        fc.array(name, { minLength: 1, maxLength: 4 }),
      )
      .map(([a, n]) => `${a} ${n.join('\t')}`),
  );
  const property = fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
    const before = lines.join('\n');
    const after = editHosts(before, want);
    expect(editHosts(after, want)).toBe(after);
    for (const each of want.names) expect(lookup(after, each)).toBe(want.address);
    for (const each of ['localhost', 'vm', 'db']) expect(lookup(after, each)).toBe(lookup(before, each));
    const comments = (text: string) => text.split('\n').filter((each) => /^\s*#/.test(each));
    expect(comments(after)).toEqual(comments(before));
  });
  fc.assert(property, { numRuns: 500 });
});
