import { jest } from '@jest/globals';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { formatRecord } from '../../src/vm/membership-record.ts';
import { aMachine, DOCKER, type Machine } from './shim-vm.ts';

jest.setTimeout(60_000);

const SIDECAR = 'units/istio.service';
const XDS = '0 0 10.150.0.5:42016 10.150.0.10:15012 uid:997 ino:15 sk:6 <->\n';
const TOKEN = 'run/secrets/tokens/istio-token';

/** A joined VM whose traffic is captured. Tests take copies of it. */
let joined: Machine;
beforeAll(async () => {
  joined = await aMachine();
  for (const unit of ['istio', 'meshx-capture', 'meshx-resolver'])
    await joined.write(`units/${unit}.service/active`, 'first');
  await joined.write(`${SIDECAR}/enabled`, '');
  await joined.write(
    'var/lib/istio/envoy/cluster.env',
    "CA_ADDR='istiod.istio-system.svc:15012'\nISTIO_INBOUND_PORTS='3306'\n",
  );
  await joined.write('control-plane', XDS);
  const [namespace, account] = ['vm', 'db1'];
  const record = { generation: 'current', namespace, group: 'db1', serviceAccount: account, options: {} } as const;
  await joined.write('var/lib/meshx/membership', formatRecord(record));
  mkdirSync(join(joined.root, 'run/secrets/tokens'), { recursive: true });
  expect((await joined.run('start')).code).toBe(0);
});
afterAll(() => joined[Symbol.asyncDispose]());

const answer = async (machine: Machine, line: string | Readable): Promise<string> => (await machine.ask(line)).stdout;
const changes = async (machine: Machine): Promise<readonly string[]> =>
  (await machine.read('calls')).split('\n').filter((line) => /^systemctl (re)?start|^ss -K|restore/.test(line));

describe('a line that is no verb', () => {
  test.each([
    ['an unknown verb', 'reboot\n'],
    ['an argument', 'restore-rules now\n'],
    ['a second line', 'restore-rules\nstart-sidecar\n'],
    ['a carriage return', 'restore-rules\r\n'],
    ['a blank before it', ' restore-rules\n'],
    ['shell syntax', 'restore-rules;reboot\n'],
    ['a substitution', '$(reboot)\n'],
    ['a NUL in a verb', 'restore\0-rules\n'],
    ['bytes that are no text', Readable.from(Buffer.from([0xff, 0xfe, 0x0a]))],
    ['nothing but a line end', '\n'],
    ['an option', '--root\n'],
    ['an endless line', Readable.from(Buffer.alloc(4_000_000, 'a'))],
  ])('is refused: %s', async (_, line) => {
    await using machine = joined.copy();
    const before = await changes(machine);
    expect(await answer(machine, line)).toMatch(/^refused: (unknown verb|no line with a verb)\n$/);
    expect(await changes(machine)).toEqual(before);
  });
});

test.each([
  ['meshx-bypass is on', 'var/lib/meshx/bypass/state'],
  ['meshx-bypass is on, on a full disk', 'run/meshx/bypass/state'],
  ['the VM rolls back', 'run/meshx/reverting'],
])('nothing is done while %s', async (_, file) => {
  await using machine = joined.copy();
  await machine.write(file, 'since=x\n');
  await machine.write('iptables-nft.nat', DOCKER);
  await machine.remove(`${SIDECAR}/active`);
  for (const verb of [
    ...['restore-rules', 'restore-resolver', 'restore-files', 'check-files', 'start-sidecar', 'follow-address'],
    ...['reconnect-sidecar', 'renew-token'],
  ])
    expect(await answer(machine, `${verb}\n`)).toMatch(/^refused: the machine is out of the mesh/);
  expect(await machine.nat('iptables-nft')).toBe(DOCKER);
});

describe('restore-rules', () => {
  test('does nothing while the rules are in place', async () => {
    await using machine = joined.copy();
    expect(await answer(machine, 'restore-rules\n')).toBe('nothing to do\n');
  });

  test('restores rules that another program removed', async () => {
    await using machine = joined.copy();
    await machine.write('iptables-nft.nat', DOCKER);
    expect(await machine.ask('restore-rules\n')).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(await machine.nat('iptables-nft')).toContain('-A OUTPUT -j ISTIO_OUTPUT');
  });

  test('waits between two restores', async () => {
    await using machine = joined.copy();
    await machine.write('iptables-nft.nat', DOCKER);
    expect(await answer(machine, 'restore-rules\n')).toBe('done\n');
    await machine.write('iptables-nft.nat', DOCKER);
    expect(await answer(machine, 'restore-rules\n')).toBe('refused: done less than 2 s ago\n');
    await machine.write('proc/uptime', '1002.10 900.00\n');
    expect(await answer(machine, 'restore-rules\n')).toBe('done\n');
  });

  test.each([
    ['capture was stopped', async (machine: Machine) => await machine.remove('units/meshx-capture.service/active')],
    ['the watch gave way', async (machine: Machine) => await machine.write('run/meshx/gave-way', 'x\n')],
  ])('restores nothing when %s', async (_, event) => {
    await using machine = joined.copy();
    await event(machine);
    await machine.write('iptables-nft.nat', DOCKER);
    expect(await answer(machine, 'restore-rules\n')).toMatch(/^refused: /);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('says that the rules cannot be loaded', async () => {
    await using machine = joined.copy();
    await machine.write('iptables-nft.nat', DOCKER);
    await machine.write('agent-fails', '');
    expect(await answer(machine, 'restore-rules\n')).toBe('refused: the rules could not be restored\n');
  });
});

describe('restore-resolver', () => {
  test('starts the service that follows the name servers', async () => {
    await using machine = joined.copy();
    await machine.remove('units/meshx-resolver.service/active');
    expect(await answer(machine, 'restore-resolver\n')).toBe('done\n');
    expect(machine.exists('units/meshx-resolver.service/active')).toBe(true);
  });

  test('changes nothing while its rules are right', async () => {
    await using machine = joined.copy();
    for (const uptime of ['1000', '1060', '1120']) {
      await machine.write('proc/uptime', `${uptime}.10 900.00\n`);
      expect(await answer(machine, 'restore-resolver\n')).toBe('nothing to do\n');
    }
  });
});

describe('start-sidecar', () => {
  test('starts a sidecar that is enabled and does not run', async () => {
    await using machine = joined.copy();
    await machine.remove(`${SIDECAR}/active`);
    expect(await answer(machine, 'start-sidecar\n')).toBe('done\n');
    expect(machine.exists(`${SIDECAR}/active`)).toBe(true);
  });

  test('leaves a running one alone', async () => {
    await using machine = joined.copy();
    expect(await answer(machine, 'start-sidecar\n')).toBe('nothing to do\n');
    expect(await machine.read(`${SIDECAR}/active`)).toBe('first');
  });

  test('starts none that does not start at boot', async () => {
    await using machine = joined.copy();
    await machine.remove(`${SIDECAR}/active`);
    await machine.remove(`${SIDECAR}/enabled`);
    expect(await answer(machine, 'start-sidecar\n')).toBe('refused: istio.service is not enabled\n');
    expect(machine.exists(`${SIDECAR}/active`)).toBe(false);
  });
});

describe('follow-address', () => {
  const INSTANCE = 'run/meshx/instance.env';
  const moved = async (): Promise<Machine> => {
    const machine = joined.copy();
    await machine.write(INSTANCE, "INSTANCE_IP='10.150.0.5'\nPOD_NAME='db1'\n");
    await machine.write('route', '10.150.0.10 dev eth0 src 10.150.0.77 uid 0\n');
    return machine;
  };

  test('restarts a sidecar that started with another address than it would start with now', async () => {
    await using machine = await moved();
    expect(await answer(machine, 'follow-address\n')).toBe('done\n');
    expect(await machine.read(`${SIDECAR}/active`)).not.toBe('first');
    expect(await answer(machine, 'follow-address\n')).toBe('refused: done less than 30 s ago\n');
  });

  test('leaves a sidecar alone that registers the right one', async () => {
    await using machine = await moved();
    await machine.write(INSTANCE, "INSTANCE_IP='10.150.0.77'\nPOD_NAME='db1'\n");
    expect(await answer(machine, 'follow-address\n')).toBe('nothing to do\n');
    expect(await machine.read(`${SIDECAR}/active`)).toBe('first');
  });

  test.each([
    [
      'that an operator is changing',
      async (machine: Machine) => await machine.write('run/meshx/operator', 'lease 120\nrenewed 990\n'),
    ],
    ['without a route', async (machine: Machine) => await machine.remove('route')],
    ['that does not start at boot', async (machine: Machine) => await machine.remove(`${SIDECAR}/enabled`)],
    ['that does not run', async (machine: Machine) => await machine.remove(`${SIDECAR}/active`)],
  ])('restarts no sidecar %s', async (_, event) => {
    await using machine = await moved();
    await event(machine);
    expect(await answer(machine, 'follow-address\n')).toMatch(/^refused: /);
    expect((await changes(machine)).filter((line) => line.includes('istio.service'))).toEqual([]);
  });
});

describe('reconnect-sidecar', () => {
  test('ends the connections to istiod, and keeps the sidecar', async () => {
    await using machine = joined.copy();
    expect(await answer(machine, 'reconnect-sidecar\n')).toBe('done\n');
    expect(await machine.read('calls')).toContain('ss -Kt src 10.150.0.5:42016 dst 10.150.0.10:15012\n');
    expect(await machine.read(`${SIDECAR}/active`)).toBe('first');
    expect(await answer(machine, 'reconnect-sidecar\n')).toBe('refused: done less than 60 s ago\n');
  });

  test('ends no connection of another user', async () => {
    await using machine = joined.copy();
    await machine.write('control-plane', `${XDS}${XDS.replace('uid:997', 'uid:1000').replace('42016', '42017')}`);
    await answer(machine, 'reconnect-sidecar\n');
    expect(await machine.read('calls')).not.toContain('42017');
  });

  test('restarts the sidecar on a kernel that cannot end connections', async () => {
    await using machine = joined.copy();
    await machine.write('no-destroy', '');
    expect(await answer(machine, 'reconnect-sidecar\n')).toBe('done\n');
    expect(await machine.read(`${SIDECAR}/active`)).not.toBe('first');
  });
});

describe('renew-token', () => {
  const SUPPLIED = 'var/lib/meshx-agent/istio-token';
  const CLAIMS = {
    aud: ['istio-ca'],
    exp: Math.floor(Date.now() / 1000) + 600,
    iss: 'https://kubernetes.default.svc',
    'kubernetes.io': { namespace: 'vm', serviceaccount: { name: 'db1', uid: 'x,}' } },
    sub: 'system:serviceaccount:vm:db1',
  };
  const encoded = (text: string): string => Buffer.from(text).toString('base64url');
  const tokenOf = (claims: string): string => `${encoded('{"alg":"RS256"}')}.${encoded(claims)}.c2lnbmF0dXJl`;
  const good = (change: object = {}): string => tokenOf(JSON.stringify({ ...CLAIMS, ...change }));

  test.each([0, 1, 2, 3])('installs a token of this VM, once, with claims of any length (%i)', async (length) => {
    await using machine = joined.copy();
    const token = good({ jti: 'j'.repeat(length) });
    await machine.write(SUPPLIED, `${token}\n`);
    await machine.write(TOKEN, 'former');
    expect(await machine.ask('renew-token\n')).toMatchObject({ stdout: 'done\n' });
    expect(await machine.read(TOKEN)).toBe(token);
    expect(await answer(machine, 'renew-token\n')).toBe('nothing to do\n');
    expect(machine.exists(`${TOKEN}.new`)).toBe(false);
  });

  test.each([
    ['of another account', good({ sub: 'system:serviceaccount:vm:admin' })],
    ['of another namespace', good({ sub: 'system:serviceaccount:kube-system:db1' })],
    ['without an account', good({ sub: undefined })],
    ['with two accounts', tokenOf(JSON.stringify(CLAIMS).replace('{', '{"sub":"system:serviceaccount:vm:db1",'))],
    ['with the account of a nested object', good({ sub: undefined, more: { sub: CLAIMS.sub } })],
    ['with the account in a text', good({ sub: '"sub":"system:serviceaccount:vm:db1"' })],
    ['with escapes', tokenOf(JSON.stringify(CLAIMS).replace('vm:db1', '\\u0076m:db1'))],
    ['for the API server', good({ aud: ['https://kubernetes.default.svc'] })],
    ['for two audiences', good({ aud: ['istio-ca', 'https://kubernetes.default.svc'] })],
    ['that has ended', good({ exp: 1_700_000_000 })],
    ['without an end', good({ exp: undefined })],
    ['with an end that is no number', good({ exp: '9'.repeat(30) })],
    ['that is no JSON', tokenOf('istio')],
    ['of two parts', good().split('.').slice(0, 2).join('.')],
    ['of four parts', `${good()}.x`],
    ['with an empty part', `.${good()}`],
    ['with a line break', good().replace('.', '\n.')],
    ['with a NUL', good().replace('.', '\0.')],
    ['with shell syntax', `$(reboot).${good()}`],
    ['that is too long', `${good()}${'a'.repeat(10_000)}`],
    ['that is empty', ''],
  ])('refuses a token %s', async (_, token) => {
    await using machine = joined.copy();
    await machine.write(SUPPLIED, token);
    await machine.write(TOKEN, 'former');
    expect(await answer(machine, 'renew-token\n')).toMatch(/^refused: the (token|claims)/);
    expect(await machine.read(TOKEN)).toBe('former');
  });

  test('follows no link to a token', async () => {
    await using machine = joined.copy();
    await machine.write('elsewhere', good());
    mkdirSync(join(machine.root, 'var/lib/meshx-agent'), { recursive: true });
    symlinkSync(join(machine.root, 'elsewhere'), join(machine.root, SUPPLIED));
    expect(await answer(machine, 'renew-token\n')).toBe('refused: there is no token\n');
  });

  test('replaces a link of the sidecar instead of writing through it', async () => {
    await using machine = joined.copy();
    await machine.write(SUPPLIED, good());
    await machine.write('elsewhere', 'kept');
    symlinkSync(join(machine.root, 'elsewhere'), join(machine.root, TOKEN));
    expect(await answer(machine, 'renew-token\n')).toBe('done\n');
    expect(await machine.read('elsewhere')).toBe('kept');
  });

  test('needs the record of the join', async () => {
    await using machine = joined.copy();
    await machine.write(SUPPLIED, good());
    await machine.remove('var/lib/meshx/membership');
    expect(await answer(machine, 'renew-token\n')).toBe('refused: the record of the join names no account\n');
  });
});
