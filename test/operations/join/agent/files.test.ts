import { parseServiceFile } from '../../../../src/agent/services/service-file.ts';
import { machineDigest, parseAgentSettings } from '../../../../src/agent/settings.ts';
import type { AgentDecision } from '../../../../src/operations/join/agent/decision.ts';
import { agentFiles } from '../../../../src/operations/join/agent/files.ts';
import { aWorkload } from '../../../vm/world.ts';

const MACHINE = machineDigest('b08dfa6083e7567a1921a715000001fb');
const ADDRESS = '10.150.0.5';

function decision(services: Readonly<Record<string, string>> = {}): AgentDecision {
  const installed = { machineId: 'x', program: true, services };
  return { generation: 3, machine: MACHINE, entry: 'mysqldb-10.150.0.5', installed };
}
const mysqldb = (ports = [{ name: 'mysql', number: 3306 }]) => ({ name: 'mysqldb', ports });
const filesOf = (found: Readonly<Record<string, string>>, probe?: string, ports = mysqldb().ports) =>
  agentFiles(decision(found), aWorkload({ services: [mysqldb(ports)] }), { address: ADDRESS, probe });

test('the settings name the VM, its entry and the ports of its services', () => {
  const workload = aWorkload({ services: [mysqldb(), { name: 'web', ports: [{ name: 'http', number: 8080 }] }] });
  const { settings, services, subject } = agentFiles(decision(), workload, { address: ADDRESS, probe: undefined });
  expect(parseAgentSettings(settings)).toEqual({
    ...{ generation: 3, observe: false, machine: MACHINE, api: [] },
    mesh: {
      ...{ group: 'mysqldb', namespace: 'vm', account: 'mysqldb' },
      ...{ entry: 'mysqldb-10.150.0.5', address: ADDRESS, network: '' },
    },
    ports: { 'http-8080': 8080, 'mysql-3306': 3306 },
  });
  expect(Object.keys(services)).toEqual(['mysqldb.yaml', 'web.yaml']);
  expect(subject).toBeUndefined();
});

const filesWith = (more: object) =>
  agentFiles(decision(), aWorkload({ services: [mysqldb()] }), { address: ADDRESS, probe: undefined, ...more });

test('the settings name the port of the metrics', () => {
  expect(parseAgentSettings(filesWith({ metricsPort: 15_098 }).settings).metrics).toEqual({ port: 15_098 });
  expect(filesWith({}).settings).not.toContain('metrics');
});

test('the settings say whether the address is translated on the way to the machine', () => {
  expect(parseAgentSettings(filesWith({ translated: true }).settings).translated).toBe(true);
  expect(filesWith({}).settings).not.toContain('translated');
});

test.each([
  // The reader's default for a port of this name.
  [undefined, { kind: 'mysql', port: 3306 }],
  ['tcp', { kind: 'tcp', port: 3306 }],
  ['mysql', { kind: 'mysql', port: 3306 }],
  ['grpc', { kind: 'grpc', port: 3306 }],
  ['http', { kind: 'http', port: 3306, path: '/' }],
  ['http:/ready?a=b:c', { kind: 'http', port: 3306, path: '/ready?a=b:c' }],
])('the probe %s is one of the agent', (probe, method) => {
  const text = filesOf({}, probe).services['mysqldb.yaml'] ?? '';
  expect(parseServiceFile('mysqldb.yaml', text).probe.method).toMatchObject(method);
});

test('only the first service has the probe of the command line', () => {
  const services = [mysqldb(), { name: 'web', ports: [{ name: 'http', number: 8080 }] }];
  const files = agentFiles(decision(), aWorkload({ services }), { address: ADDRESS, probe: 'mysql' }).services;
  expect(parseServiceFile('web.yaml', files['web.yaml'] ?? '').probe.method.kind).toBe('tcp');
});

test.each([
  ['none', 'none'],
  ['http://169.254.169.254', 'http://169.254.169.254'],
  ['http://metadata', undefined],
])('the server of notices %s is one of an operator, and stays if it can be used', (notices, kept) => {
  const known = decision();
  const before = agentFiles(known, aWorkload(), { address: ADDRESS, probe: undefined }).settings;
  const installed = { ...known.installed, settings: `${before}notices: ${notices}\n` };
  const { settings } = agentFiles({ ...known, installed }, aWorkload(), { address: ADDRESS, probe: undefined });
  expect(parseAgentSettings(settings).notices).toBe(kept);
});

describe('a service that systemd runs', () => {
  const withUnits = (portUnits: Readonly<Record<string, string>>, found: Readonly<Record<string, string>> = {}) => {
    const known = decision(found);
    const installed = { ...known.installed, portUnits, drains: ['mysqldb', 'gone'] };
    const services = [{ name: 'mysqldb', ports: [...mysqldb().ports, { name: 'admin', number: 33_062 }] }];
    return agentFiles({ ...known, installed }, aWorkload({ services }), { address: ADDRESS, probe: undefined });
  };

  test('is drained before its unit stops, as its file says', () => {
    const files = withUnits({ 3306: 'mariadb.service', 33_062: 'mariadb.service' });
    expect(files.services['mysqldb.yaml']).toContain('unit: mariadb.service');
    expect(files.drains).toEqual([{ service: 'mysqldb', unit: 'mariadb.service', limitMs: 30_000 }]);
    expect(files.formerDrains).toEqual(['gone']);
  });

  test.each([
    ['only one of its ports', { 3306: 'mariadb.service' }],
    ['another one for the other port', { 3306: 'mariadb.service', 33_062: 'proxy.service' }],
    ['the sidecar', { 3306: 'istio.service', 33_062: 'istio.service' }],
    ['none', {}],
  ])('has no such unit if systemd shows %s', (_, units) => {
    const files = withUnits(units);
    expect(files.services['mysqldb.yaml']).not.toContain('drain');
    expect([files.drains, files.formerDrains]).toEqual([[], ['mysqldb', 'gone']]);
  });

  test('has the unit that its file names, or none if the file names none', () => {
    const units = { 3306: 'mariadb.service', 33_062: 'mariadb.service' };
    const file = 'name: mysqldb\nports: {mysql: 3306, admin: 33062}\n';
    expect(withUnits(units, { 'mysqldb.yaml': file }).drains).toEqual([]);
    const own = `${file}drain: {unit: db@main.service, limit: 5s}\n`;
    expect(withUnits(units, { 'mysqldb.yaml': own }).drains).toEqual([
      { service: 'mysqldb', unit: 'db@main.service', limitMs: 5000 },
    ]);
  });
});

describe('a file that is there', () => {
  const OWN =
    '# ours\nname: mysqldb\nports: {mysql: 3306}\nprobe: {mysql: {port: 3306}, interval: 5s}\ndrain: {limit: 10s}\n';

  test('stays as the operator wrote it, byte for byte', () => {
    expect(filesOf({ 'mysqldb.yaml': OWN }).services).toEqual({ 'mysqldb.yaml': OWN });
    expect(filesOf({ 'mysqldb.yaml': OWN }, 'mysql').services).toEqual({ 'mysqldb.yaml': OWN });
  });

  test('gets new ports, and keeps the rest', () => {
    const text =
      filesOf({ 'mysqldb.yaml': OWN }, undefined, [{ name: 'mysql', number: 3307 }]).services['mysqldb.yaml'] ?? '';
    expect(parseServiceFile('mysqldb.yaml', text)).toMatchObject({
      ports: [{ name: 'mysql', number: 3307 }],
      probe: { method: { kind: 'mysql' }, intervalMs: 5000 },
      drainLimitMs: 10_000,
    });
  });

  test('gets another probe, and keeps its times', () => {
    const text = filesOf({ 'mysqldb.yaml': OWN }, 'tcp').services['mysqldb.yaml'] ?? '';
    expect(parseServiceFile('mysqldb.yaml', text).probe).toMatchObject({ method: { kind: 'tcp' }, intervalMs: 5000 });
  });

  test.each(['', 'name: other\n', ':', 'a: [', '\0'])('is replaced if it defines nothing: %j', (text) => {
    const made = filesOf({ 'mysqldb.yaml': text }).services['mysqldb.yaml'] ?? '';
    expect(parseServiceFile('mysqldb.yaml', made).name).toBe('mysqldb');
  });
});
