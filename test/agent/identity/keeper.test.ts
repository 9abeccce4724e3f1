import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority } from '../../../src/agent/identity/authority.ts';
import { IdentityKeeper } from '../../../src/agent/identity/keeper.ts';
import { RootsKeeper } from '../../../src/agent/identity/roots-keeper.ts';
import type { RootAnswer } from '../../../src/agent/machine/root.ts';
import { tokenFile } from '../../../src/agent/report/credential.ts';
import type { EventText } from '../../../src/agent/report/events.ts';

const { signal } = new AbortController();
const START = Date.parse('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;
const DONE: RootAnswer = { outcome: 'done', reason: '' };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-identity-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token in the form of the API server, without a signature that anyone checks here. */
const token = (from: number, until: number): string =>
  `${part({ alg: 'none' })}.${part({ iat: from / 1000, exp: until / 1000, aud: ['istio-ca'] })}.c2ln`;
const certs = (from: number, until: number): string =>
  JSON.stringify({
    certificates: [
      {
        cert_chain: [
          {
            subject_alt_names: [{ uri: 'spiffe://cluster.local/ns/vm/sa/db1' }],
            valid_from: new Date(from).toISOString(),
            expiration_time: new Date(until).toISOString(),
          },
        ],
      },
    ],
  });

/** A VM whose clock, certificate and API server the test moves. */
function vm({ observe = false } = {}) {
  const installed: string[] = [];
  const events: string[] = [];
  const said: EventText[] = [];
  const path = join(folder, 'istio-token');
  const world = {
    now: START,
    certs: undefined as string | undefined,
    api: true,
    apiTokenEnd: new Date(START + 24 * HOUR) as Date | undefined,
    connected: true,
    renewal: DONE,
    authority: { kind: 'istiod', place: 'istiod.istio-system.svc:15012' } as Authority,
  };
  const roots = new RootsKeeper({
    meshRoots: () => Promise.resolve(undefined),
    isConnected: () => Promise.resolve(world.connected),
    renew: () => Promise.resolve(world.renewal),
    ms: () => world.now,
    log: (event: string) => void events.push(event),
  });
  const access = {
    authority: () => Promise.resolve(world.authority),
    roots,
    certs: () => Promise.resolve(world.certs),
    token: tokenFile(path),
    newToken: () => Promise.resolve(world.api ? token(world.now, world.now + 24 * HOUR) : undefined),
    apiTokenEnd: () => world.apiTokenEnd,
    install: () => {
      installed.push(readFileSync(path, 'utf8').trim());
      return Promise.resolve(DONE);
    },
    say: (text: EventText) => void said.push(text),
    now: () => new Date(world.now),
    log: (event: string) => void events.push(event),
  };
  const keeper = new IdentityKeeper(access, { subject: { namespace: 'vm', account: 'db1' }, observe });
  return { keeper, world, installed, events, said, path };
}

describe('the identity of a VM', () => {
  test('has a token for istiod on the disk, which only the agent can read', async () => {
    const { keeper, world, installed, path } = vm();
    world.certs = certs(START - HOUR, START + 23 * HOUR);
    await keeper.pass(signal);
    expect(readFileSync(path, 'utf8').trim()).toBe(token(START, START + 24 * HOUR));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(installed).toEqual([]);
    expect(keeper.status).toMatchObject({ state: 'valid', until: new Date(START + 24 * HOUR) });
  });

  test('renews that token at half of its life, and not before', async () => {
    const { keeper, world, path } = vm();
    await keeper.pass(signal);
    world.now += 11 * HOUR;
    await keeper.pass(signal);
    expect(readFileSync(path, 'utf8').trim()).toBe(token(START, START + 24 * HOUR));
    world.now += 2 * HOUR;
    await keeper.pass(signal);
    expect(readFileSync(path, 'utf8').trim()).toBe(token(world.now, world.now + 24 * HOUR));
  });

  test('gives the token to a sidecar whose certificate has ended while the VM was off', async () => {
    const { keeper, world, installed } = vm();
    world.certs = certs(START - 30 * HOUR, START - 6 * HOUR);
    await keeper.pass(signal);
    expect(installed).toEqual([token(START, START + 24 * HOUR)]);
  });

  test('uses the kept token when the API server cannot be reached', async () => {
    const { keeper, world, installed } = vm();
    await keeper.pass(signal);
    world.api = false;
    world.now += 20 * HOUR;
    await keeper.pass(signal);
    expect(installed).toHaveLength(2);
    expect(installed[1]).toBe(token(START, START + 24 * HOUR));
  });

  test('announces the cliff, and the loss, once each', async () => {
    const { keeper, world, events, said } = vm();
    world.certs = certs(START, START + 24 * HOUR);
    await keeper.pass(signal);
    world.api = false;
    for (const hours of [19, 20, 25, 26]) {
      world.now = START + hours * HOUR;
      await keeper.pass(signal);
    }
    expect(events.filter((event) => event === 'identity')).toHaveLength(2);
    expect(keeper.status?.state).toBe('lost');
    world.api = true;
    await keeper.pass(signal);
    expect(said.map(({ reason, type }) => `${type} ${reason}`)).toEqual([
      'Warning IdentityEnds',
      'Warning IdentityLost',
      'Normal IdentityValid',
    ]);
    expect(said[0]?.note).toMatch(
      /only until 2026-05-02T12:00:00.000Z: certificate ends in 5 h, token for istiod ends/,
    );
    expect(said[1]?.note).toContain('meshx rejoin VM');
  });

  test('always gives the newest token to a sidecar whose CA may accept nothing else', async () => {
    const { keeper, world, installed } = vm();
    world.authority = { kind: 'external', place: 'ca.example.test:443' };
    world.certs = certs(START - HOUR, START + 23 * HOUR);
    await keeper.pass(signal);
    await keeper.pass(signal);
    expect(installed).toHaveLength(1);
    world.now += 13 * HOUR;
    await keeper.pass(signal);
    expect(installed).toEqual([token(START, START + 24 * HOUR), token(world.now, world.now + 24 * HOUR)]);
    expect(keeper.status?.authority).toEqual({ kind: 'external', place: 'ca.example.test:443' });
  });

  test('gives no token to a sidecar whose certificates are files, and says who must renew them', async () => {
    const { keeper, world, installed, said } = vm();
    world.authority = { kind: 'files', place: 'FILE_MOUNTED_CERTS' };
    world.certs = certs(START - 30 * HOUR, START - 6 * HOUR);
    await keeper.pass(signal);
    expect(installed).toEqual([]);
    expect(keeper.status).toMatchObject({ state: 'lost', reason: 'certificate has ended' });
    expect(said[0]?.note).toContain('renew the certificate files');
  });

  test('is lost while nothing vouches for istiod, and returns when root has replaced the roots', async () => {
    const { keeper, world, said } = vm();
    world.certs = certs(START - HOUR, START + 23 * HOUR);
    world.connected = false;
    world.renewal = { outcome: 'refused', reason: 'istiod has a certificate of an unknown root' };
    await keeper.pass(signal);
    expect(keeper.status?.state).toBe('valid');
    await keeper.pass(signal);
    expect(keeper.status).toMatchObject({ state: 'lost', trust: 'istiod has a certificate of an unknown root' });
    world.renewal = DONE;
    world.now += HOUR;
    await keeper.pass(signal);
    world.connected = true;
    await keeper.pass(signal);
    expect(keeper.status?.state).toBe('valid');
    expect(said.map(({ reason }) => reason)).toEqual(['IdentityLost', 'IdentityValid']);
  });

  test('changes nothing while it only observes', async () => {
    const { keeper, installed, path } = vm({ observe: true });
    await keeper.pass(signal);
    expect(() => statSync(path)).toThrow('ENOENT');
    expect(installed).toEqual([]);
    expect(keeper.status?.needsToken).toBe('the sidecar has no certificate');
  });
});
