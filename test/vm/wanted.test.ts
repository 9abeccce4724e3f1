import { stringify } from 'yaml';
import { plan, summaries } from '../../src/reconcile/plan.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { systemdFile } from '../../src/templates.ts';
import { notVerified, wantedVm } from '../../src/vm/wanted.ts';
import { expectGolden } from '../support/golden.ts';
import { aClassicCluster, aCurrentCluster, aVm, aWorkload, classicInput, currentInput } from './world.ts';

/** Literal files of systemd/ are shown by name only. */
const LITERAL = new Map(
  (
    [
      'arming',
      'capture',
      'dead-man',
      'firewall',
      'guard',
      'redirect',
      'restore',
      'rules',
      'settings',
      'sidecar-prepare',
      'twins.awk',
      'twins-iptables.awk',
      'twins-nft.awk',
      'processes',
      'settings.awk',
      'sidecar-start',
      'istio.service',
      'meshx-capture.service',
      'meshx-guard.service',
      'watch',
      'meshx-watch.service',
      'meshx-revert.service',
      'meshx-revert.timer',
      'meshx-bypass',
      'meshx.tmpfiles.conf',
      'meshx.logrotate',
      'resolver',
      'meshx-resolver.service',
    ] as const
  ).map((name) => [systemdFile(name), `systemd/${name}`]),
);

function shown(steps: readonly Step[]): string {
  const want = (each: Resource) =>
    each.kind === 'file' && LITERAL.has(each.content) ? { ...each, content: LITERAL.get(each.content) } : each;
  return stringify(
    steps.map((step) => ({ ...step, wants: step.wants.map(want) })),
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

const wants = (steps: readonly Step[]): readonly Resource[] => steps.flatMap((step) => step.wants);
const kinds = (steps: readonly Step[], kind: Resource['kind']) => wants(steps).filter((want) => want.kind === kind);
const fileAt = (steps: readonly Step[], path: string) =>
  wants(steps).find((want) => want.kind === 'file' && want.path === path);

describe('a VM of the current generation', () => {
  test('is these steps, in this order', () => {
    expectGolden('vm/current/steps.yaml', shown(wantedVm(currentInput())));
  });

  test('gets the sidecar alone: no part of the control plane is put on it', () => {
    const steps = wantedVm(currentInput());
    const named = wants(steps).flatMap((want) => ('name' in want && want.kind !== 'user' ? [want.name] : []));
    expect([...new Set(named)].sort()).toEqual(['istio-sidecar', 'istio.service', 'meshx-capture.service']);
  });

  test('finds istiod by an address of the family of its own', () => {
    const cluster = aCurrentCluster({ istiodAddresses: ['10.150.0.10', 'fd00::10'] });
    const vm = aVm({ address: 'fd00::5', addresses: ['fd00::5'] });
    expect(kinds(wantedVm(currentInput({ cluster, vm })), 'hosts')[0]).toMatchObject({ address: 'fd00::10' });
  });

  test('its units are enabled last, and only after the checks have passed', () => {
    const last = wantedVm(currentInput()).at(-1);
    expect(last).toMatchObject({ id: 'boot', when: 'after-checks' });
    expect(last?.wants).toEqual([
      { kind: 'enabled', name: 'istio.service', enabled: true },
      { kind: 'enabled', name: 'meshx-capture.service', enabled: true },
    ]);
  });

  test('no file of the sidecar is open to others, and what only root may change belongs to root', () => {
    for (const want of wants(wantedVm(currentInput()))) {
      if (!('owner' in want)) continue;
      expect(want.mode).not.toMatch(/[2367]$/);
      if (want.kind === 'token') expect(want).toMatchObject({ owner: 'istio-proxy:istio-proxy', mode: '0600' });
      if (want.kind === 'file' && want.path.startsWith('/etc/systemd')) expect(want.owner).toBe('root:root');
    }
  });

  test('the token is asked for the identity of the registration, and no secret is in the plan', () => {
    const [token] = kinds(wantedVm(currentInput()), 'token');
    expect(token).toMatchObject({ secret: 'istio-token', identity: 'spiffe://cluster.local/ns/vm/sa/mysqldb' });
    expect(Object.keys(token ?? {})).not.toContain('content');
  });

  test('a sidecar that runs without its certificate files restarts for the new token: only its start writes them', () => {
    const wanted = wantedVm(currentInput());
    const [sidecar] = kinds(wanted, 'unit');
    const step = { id: 'rejoin', title: 'Rejoin', wants: [...kinds(wanted, 'token'), sidecar!] };
    const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
    const facts = new Map([
      ['token:/run/secrets/tokens/istio-token', answer('1000000000\n')],
      ['unit:istio.service', answer('ActiveState=active\nNeedDaemonReload=no\n')],
    ]);
    expect(summaries(plan([step], facts))).toEqual([
      'deliver a token to /run/secrets/tokens/istio-token',
      'restart istio.service',
    ]);
    // Without the token there is no reason: the unit has no file that is newer than it.
    expect(summaries(plan([{ ...step, wants: [sidecar!] }], facts))).toEqual([]);
  });

  test('sidecar.env gets the keys of the registration, for all services', () => {
    const services = [
      { name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] },
      { name: 'web', ports: [{ number: 8080, name: 'http' }] },
    ];
    const one = kinds(wantedVm(currentInput()), 'env')[0];
    const two = kinds(wantedVm(currentInput({ workload: aWorkload({ group: 'box', services }) })), 'env')[0];
    expect(one).toMatchObject({
      set: { ISTIO_INBOUND_PORTS: '3306', ISTIO_SERVICE: 'mysqldb', ISTIO_NAMESPACE: 'vm' },
    });
    expect(two).toMatchObject({ set: { ISTIO_INBOUND_PORTS: '3306,8080', ISTIO_SERVICE: 'box' } });
  });

  test('keys that configure was given win over those of the registration', () => {
    const [env] = kinds(wantedVm(currentInput({ sidecar: { ISTIO_INBOUND_PORTS: '3306,3307' } })), 'env');
    expect(env).toMatchObject({ set: { ISTIO_INBOUND_PORTS: '3306,3307', ISTIO_SERVICE: 'mysqldb' } });
  });

  test('SSH ports of the machine are in the list of what is never captured', () => {
    const steps = wantedVm(currentInput({ vm: aVm({ sshPorts: [22, 2222] }), workload: aWorkload({ services: [] }) }));
    expect(fileAt(steps, '/var/lib/istio/envoy/cluster.env')).toMatchObject({
      content: expect.stringContaining("ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15020,2222'"),
    });
  });

  test('the own name gets a line in /etc/hosts only where it has none', () => {
    const without = kinds(wantedVm(currentInput()), 'hosts');
    const having = kinds(wantedVm(currentInput({ vm: aVm({ hostnameAddress: '10.150.0.5' }) })), 'hosts');
    expect(without).toContainEqual({ kind: 'hosts', address: '127.0.1.1', names: ['istio-vm'] });
    expect(having).toEqual([{ kind: 'hosts', address: '10.150.0.10', names: ['istiod.istio-system.svc'] }]);
  });

  test('where ufw keeps the firewall, its own hook restores meshx’s exceptions; elsewhere ufw’s files are left alone', () => {
    const lines = (ufw?: true) =>
      kinds(wantedVm(currentInput({ vm: aVm({ ...(ufw && { ufw }) }) })), 'line').map((want) => 'path' in want && want);
    expect(lines()).toEqual([]);
    expect(lines(true)).toMatchObject([{ path: '/etc/ufw/after.init', after: 'set -e', mode: '0750' }]);
  });

  test('the root certificate has the form in which pilot-agent writes it back', () => {
    const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`;
    const cluster = aCurrentCluster({ rootCert: `${pem('B')}\n\n${pem('A')}\n${pem('B')}\n` });
    expect(fileAt(wantedVm(currentInput({ cluster })), '/etc/certs/root-cert.pem')).toMatchObject({
      content: `${pem('A')}\n${pem('B')}`,
      mode: '0600',
    });
  });
});

describe('an image', () => {
  const image = currentInput({ image: true, vm: aVm({ hostname: '', address: '', addresses: [] }) });

  test('is these steps', () => {
    expectGolden('vm/image/steps.yaml', shown(wantedVm(image)));
  });

  test('starts nothing, holds no secret, and enables its units', () => {
    const steps = wantedVm(image);
    expect(kinds(steps, 'unit')).toEqual([]);
    expect(kinds(steps, 'token')).toEqual([]);
    expect(kinds(steps, 'enabled')).toHaveLength(2);
    expect(steps.at(-1)).not.toHaveProperty('when');
  });

  test('says who delivers the secret at the first boot; a machine has nothing to say', () => {
    expect(notVerified(image, [])?.join(' ')).toContain('/run/secrets/tokens/istio-token');
    expect(notVerified(currentInput(), [])).toBeUndefined();
    expect(notVerified(currentInput(), ['package'])).toEqual([expect.stringContaining('nothing was verified')]);
  });

  test('of a classic mesh holds no certificate', () => {
    const steps = wantedVm(classicInput({ image: true }));
    expect(kinds(steps, 'token')).toEqual([]);
    expect(kinds(steps, 'unit')).toEqual([]);
  });
});

describe('a VM of the classic generation', () => {
  test('is these steps, in this order', () => {
    const steps = wantedVm(classicInput());
    expect(steps.map(({ id }) => id)).toEqual([
      ...['names', 'package', 'certs', 'cluster-env', 'sidecar-env', 'units', 'node-agent', 'sidecar', 'boot'],
    ]);
    expectGolden('vm/classic/steps.yaml', shown(steps));
  });

  test('has no node agent in 1.5', () => {
    const steps = wantedVm(classicInput({ cluster: aClassicCluster({ release: '1.5' }) }));
    expect(steps.map(({ id }) => id)).not.toContain('node-agent');
  });

  test('certificates go to /etc/certs as secrets, the key before the chain', () => {
    const certs = kinds(wantedVm(classicInput()), 'token');
    expect(certs.map((want) => 'path' in want && want.path)).toEqual([
      ...['/etc/certs/root-cert.pem', '/etc/certs/key.pem', '/etc/certs/cert-chain.pem'],
    ]);
    expect(certs.every((want) => 'mode' in want && want.mode === '0600')).toBe(true);
  });
});
