import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { gatherFacts } from '../../../src/reconcile/facts.ts';
import type { AccountTokenWant } from '../../../src/reconcile/kinds/account-token.ts';
import { plan, summaries } from '../../../src/reconcile/plan.ts';
import { ME, outcomes, ShimMachine, step } from '../shim-machine.ts';

const SUBJECT = 'system:serviceaccount:vm:db1';
const now = Math.floor(Date.now() / 1000);
const tokenOf = (claims: object | string): string =>
  `e30.${Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
const VALID = tokenOf({ sub: SUBJECT, exp: now + 7 * 86_400 });

function world(uid?: string) {
  const vm = new ShimMachine();
  const path = vm.path('etc/api-token');
  const want: AccountTokenWant = {
    kind: 'account-token',
    path,
    secret: 'x',
    owner: ME,
    mode: '0600',
    subject: SUBJECT,
    ...(uid !== undefined && { uid }),
  };
  const planned = async () => plan([step(want)], await gatherFacts([step(want)], vm));
  return { vm, path, want, planned };
}

test('a token is delivered once, readable for its owner alone', async () => {
  const { vm, path, planned } = world();
  const sources = { secret: () => Promise.resolve(VALID) };
  expect(summaries(await planned())).toEqual([`deliver a token to ${path}`]);
  expect((await outcomes(await planned(), vm, { sources })).map(({ status }) => status)).toEqual(['changed']);
  expect(readFileSync(path, 'utf8')).toBe(VALID);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(summaries(await planned())).toEqual([]);
});

test('a plan has no part of the token', async () => {
  const { path, planned } = world();
  writeFileSync(path, tokenOf({ sub: 'other', exp: now + 86_400 }), { mode: 0o600 });
  expect(JSON.stringify(await planned())).not.toMatch(/e30|c2lnbmF0dXJl/);
});

test.each([
  ['of another account', tokenOf({ sub: 'system:serviceaccount:vm:other', exp: now + 86_400 }), 0o600],
  ['that has ended', tokenOf({ sub: SUBJECT, exp: now - 1 }), 0o600],
  ['that ends soon', tokenOf({ sub: SUBJECT, exp: now + 600 }), 0o600],
  ['without an end', tokenOf({ sub: SUBJECT }), 0o600],
  ['whose end is text', tokenOf({ sub: SUBJECT, exp: 'never' }), 0o600],
  ['that others may read', VALID, 0o644],
  ['that is no JSON', tokenOf('{"sub"'), 0o600],
  ['that is null', tokenOf('null'), 0o600],
  ['that is no token', 'x'.repeat(50_000), 0o600],
  ['with line breaks and NULs', `a.\n\0${VALID}`, 0o600],
  ['that is empty', '', 0o600],
])('a token %s is delivered again', async (_, text, mode) => {
  const { path, planned } = world();
  writeFileSync(path, text, { mode });
  expect(summaries(await planned())).toEqual([`deliver a token to ${path}`]);
});

test('a link to a token counts as none', async () => {
  const { vm, path, planned } = world();
  writeFileSync(vm.path('etc/elsewhere'), VALID, { mode: 0o600 });
  symlinkSync(vm.path('etc/elsewhere'), path);
  expect(summaries(await planned())).toEqual([`deliver a token to ${path}`]);
});

test.each([
  ['of the account', 'u-1', 'u-1', false],
  ['of a former account of the name', 'u-1', 'u-2', true],
  ['of an account that was not made yet', 'u-1', undefined, false],
  ['that names no uid', undefined, 'u-2', false],
  ['whose uid is a number', 1, 'u-2', false],
])('a token %s: delivered again only for another uid', async (_, named, uid, again) => {
  const { path, planned } = world(uid);
  const own = named === undefined ? {} : { 'kubernetes.io': { serviceaccount: { name: 'db1', uid: named } } };
  writeFileSync(path, tokenOf({ sub: SUBJECT, exp: now + 7 * 86_400, ...own }), { mode: 0o600 });
  expect(summaries(await planned())).toEqual(again ? [`deliver a token to ${path}`] : []);
});
