import * as fc from 'fast-check';
import { compareRules } from '../../../src/vm/capture-rules/compare.ts';
import { rulesOf } from './world.ts';

const LINES = rulesOf('current').split('\n');
/** What capture records when it loads these rules. */
const LOADED = LINES.reduce<{ table: string; rules: readonly string[] }>(
  ({ table, rules }, line) => {
    if (line.startsWith('*')) return { table: line.slice(1), rules };
    return { table, rules: line.startsWith('-A') ? [...rules, `iptables-nft ${table} ${line}`] : rules };
  },
  { table: '', rules: [] },
).rules;
const compared = (lines: readonly string[]) => compareRules(LOADED, { 'iptables-nft': lines });

test('rules that are as they were loaded have no difference, beside those of others', () => {
  const others = [
    '*nat',
    '-A OUTPUT -j DOCKER',
    '-A ISTIO_MESHX_DNS -d 10.0.0.2 -j RETURN',
    '-A OUTPUT -j ISTIO_MESHX_DNS',
  ];
  expect(compared([...LINES, ...others])).toEqual({ loaded: LOADED.length, missing: [], added: [], reordered: [] });
  expect(LOADED.length).toBeGreaterThan(25);
});

test('each difference is named: a rule that is gone, one of another program, another order', () => {
  const gone = '-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN';
  expect(compared(LINES.filter((line) => line !== gone))).toMatchObject({
    missing: [`iptables-nft nat ${gone}`],
    added: [],
  });
  const more = '-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j ISTIO_IN_REDIRECT';
  const at = LINES.indexOf('-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001');
  expect(compared(LINES.toSpliced(at, 0, more))).toMatchObject({ missing: [], added: [`iptables-nft nat ${more}`] });
  const [first, second] = ['-A ISTIO_OUTPUT -m owner --uid-owner 999 -j RETURN', '-A ISTIO_OUTPUT -j ISTIO_REDIRECT'];
  const swapped = LINES.map((line) => (line === first ? second : line === second ? first : line));
  expect(compared(swapped)).toMatchObject({ missing: [], added: [], reordered: ['iptables-nft nat ISTIO_OUTPUT'] });
});

test('rules of another program are not those that were loaded', () => {
  const { missing, added } = compareRules(LOADED, { 'iptables-legacy': LINES });
  expect([missing.length, added.length]).toEqual([LOADED.length, LOADED.length]);
});

test('whatever rules are taken away, exactly these are missing', () => {
  const rules = LINES.map((line, index) => [line, index] as const).filter(([line]) => line.startsWith('-A'));
  fc.assert(
    fc.property(fc.subarray(rules), (taken) => {
      const indices = new Set(taken.map(([, index]) => index));
      const { missing, added } = compared(LINES.filter((_, index) => !indices.has(index)));
      expect(missing.map((rule) => rule.split(' ').slice(2).join(' ')).sort()).toEqual(
        taken.map(([line]) => line).sort(),
      );
      expect(added).toEqual([]);
    }),
  );
});
