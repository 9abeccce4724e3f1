import fc from 'fast-check';
import {
  fenceReason,
  formatHolder,
  hasLostAddress,
  type Holder,
  parseHolder,
} from '../../../src/agent/report/fence.ts';
import { ADDRESS, anEntry, HOLDER, OTHER_BOOT } from './support.ts';

const DIGEST = 'a'.repeat(64);
const IDENTITY = { machine: DIGEST, boot: HOLDER.boot, addresses: ['127.0.0.1', ADDRESS] };
const held = (holder: Holder) => anEntry({ annotations: { 'agent.meshx.dev/holder': formatHolder(holder) } });
const fence = (more: Partial<Parameters<typeof fenceReason>[0]>) =>
  fenceReason({ entry: anEntry(), holder: HOLDER, identity: IDENTITY, machine: DIGEST, ...more });

test('an agent may write to an entry of its own address that no one holds, and to its own', () => {
  expect(fence({})).toBeUndefined();
  expect(fence({ entry: held(HOLDER) })).toBeUndefined();
});

test('a copy of the machine with another machine id is refused', () => {
  expect(fence({ machine: 'b'.repeat(64) })).toContain('machine id differs');
});

test('a machine without the address of the entry is refused', () => {
  expect(fence({ entry: anEntry({ address: '10.150.0.9' }) })).toContain('10.150.0.9');
});

test('an entry without an address is refused', () => {
  expect(fence({ entry: { ...anEntry(), spec: {} } })).toBe(
    'the entry has the address , which this machine does not have',
  );
});

test('an address that is translated on the way to the machine is its own, and only that one', () => {
  const identity = { ...IDENTITY, addresses: ['127.0.0.1', '192.168.0.7'] };
  expect(fence({ identity })).toContain(ADDRESS);
  expect(fence({ identity, translated: ADDRESS })).toBeUndefined();
  expect(fence({ identity, translated: '10.150.0.9' })).toContain(ADDRESS);
  expect(fence({ identity, translated: ADDRESS, machine: 'b'.repeat(64) })).toContain('machine id differs');
});

describe('a machine that lost the address of its entry', () => {
  const lost = (more: Partial<Parameters<typeof fenceReason>[0]>) =>
    hasLostAddress({
      ...{ entry: held(HOLDER), holder: HOLDER, machine: DIGEST },
      ...{ identity: { ...IDENTITY, addresses: ['10.150.0.9'] }, ...more },
    });

  test('knows it of an entry that it holds itself', () => {
    expect(lost({})).toBe(true);
    expect(lost({ holder: { ...HOLDER, started: '2026-11-30T09:00:09.000Z' } })).toBe(true);
  });

  test.each([
    ['another machine holds', { entry: held({ ...HOLDER, boot: OTHER_BOOT }) }],
    ['a later join gave to another agent', { entry: held({ ...HOLDER, generation: 4 }) }],
    ['no one holds', { entry: anEntry() }],
    ['the original of a copy holds', { machine: 'b'.repeat(64) }],
    ['has an address of the machine', { identity: IDENTITY }],
    ['has an address that is translated', { translated: ADDRESS }],
  ])('leaves an entry alone that %s', (_which, more) => {
    expect(lost(more)).toBe(false);
  });
});

test.each([
  ['a greater generation', { generation: 4 }, /generation 4/],
  [
    'the same generation, another boot and a later start',
    { boot: OTHER_BOOT, started: '2026-11-30T09:00:01.000Z' },
    /later/,
  ],
])('a holder of %s fences the agent', (_which, more, reason) => {
  expect(fence({ entry: held({ ...HOLDER, ...more }) })).toMatch(reason);
});

test.each([
  ['an older generation', { generation: 2, boot: OTHER_BOOT, started: '2027-01-01T00:00:00.000Z' }],
  ['another boot that started earlier', { boot: OTHER_BOOT, started: '2026-11-30T08:59:59.000Z' }],
  ['another boot that started at the same time', { boot: OTHER_BOOT }],
  ['the same boot that started later', { started: '2026-11-30T09:00:01.000Z' }],
])('a holder of %s is replaced', (_which, more) => {
  expect(fence({ entry: held({ ...HOLDER, ...more }) })).toBeUndefined();
});

test('of two agents on one entry exactly one may write', () => {
  const holder = fc.record({
    generation: fc.integer({ min: 1, max: 3 }),
    boot: fc.constantFrom(HOLDER.boot, OTHER_BOOT),
    started: fc.integer({ min: 0, max: 3 }).map((seconds) => `2026-11-30T09:00:0${seconds}.000Z`),
  });
  fc.assert(
    fc.property(holder, holder, (one, other) => {
      fc.pre(one.boot !== other.boot && (one.generation !== other.generation || one.started !== other.started));
      const mayOne = fence({ holder: one, entry: held(other) }) === undefined;
      const mayOther = fence({ holder: other, entry: held(one) }) === undefined;
      expect(mayOne).not.toBe(mayOther);
    }),
  );
});

test.each([undefined, '', 'junk', '{"generation":3}', '{"generation":-1,"boot":"x","started":"y"}'])(
  'the holder %j is none',
  (text) => {
    expect(parseHolder(text)).toBeUndefined();
  },
);

test('a holder reads back', () => {
  expect(parseHolder(formatHolder(HOLDER))).toEqual(HOLDER);
});
