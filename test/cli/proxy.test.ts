import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byIstioctl, CLUSTERS, CONFIG_DUMP } from '../envoy/dump.ts';
import { expectGolden } from '../support/golden.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer, type SshServer } from '../support/ssh-server.ts';

const home = temporaryFolder();
writeFileSync(join(home, 'dump.json'), CONFIG_DUMP);
writeFileSync(join(home, 'clusters.json'), CLUSTERS);
const now = (): Date => new Date('2026-11-30T19:10:00Z');
const ofFile = (file: string, ...words: readonly string[]) =>
  runCli(['proxy', '--file', file, ...words], { home, now });

describe('of a saved answer', () => {
  test.each(['text', 'json', 'yaml'])('all views are printed as %s', async (format) => {
    for (const view of ['routes', 'clusters', 'listeners', 'bootstrap', 'certificates']) {
      const ran = await ofFile('dump.json', view, '-o', format);
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      const extension = format === 'text' ? 'txt' : format;
      expectGolden(`cli/proxy/${view}.${extension}`, ran.stdout.replaceAll(home, '/home/operator'));
    }
    const ran = await ofFile('clusters.json', 'endpoints', '-o', format);
    expectGolden(
      `cli/proxy/endpoints.${format === 'text' ? 'txt' : format}`,
      ran.stdout.replaceAll(home, '/home/operator'),
    );
  });

  test.each([
    ['routes-name-8080', 'dump.json', ['route', '--name', '8080']],
    ['clusters-fqdn', 'dump.json', ['cluster', '--fqdn', 'client.views', '--port', '8080']],
    ['clusters-inbound', 'dump.json', ['clusters', '--direction', 'inbound']],
    ['listeners-type', 'dump.json', ['listener', '--type', 'http']],
    ['endpoints-port', 'clusters.json', ['endpoint', '--port', '3306', '--status', 'healthy']],
  ])('the words of istioctl select the lines of istioctl: %s', async (name, file, words) => {
    const { stdout } = await ofFile(file, ...words);
    expect(stdout.trimEnd().split('\n')).toEqual(byIstioctl(name));
  });

  test('details of routes are printed', async () => {
    expectGolden('cli/proxy/routes-details.txt', (await ofFile('dump.json', 'routes', '--details')).stdout);
  });

  test.each([
    ['a view that does not exist', ['rutes'], '<view>'],
    ['a filter of another view', ['routes', '--subset', 'v1'], '--subset: routes cannot be selected by it'],
    ['a port that is none', ['clusters', '--port', '0'], '--port'],
    ['log levels of a file', ['log-level'], '--file'],
    ['endpoints of clusters of a file', ['clusters', '--details'], '--details'],
  ])('%s is refused as wrong usage', async (_, words, part) => {
    const ran = await ofFile('dump.json', ...words);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(part);
  });

  test('the answer of another page is refused with the page that is needed', async () => {
    const ran = await ofFile('dump.json', 'endpoints');
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('envoy-unreadable');
    expect(ran.stderr).toContain('/clusters?format=json');
  });
});

describe('of a VM', () => {
  let server: SshServer;
  const bin = temporaryFolder();
  const key = keyPair();
  /** A stand-in for curl answers each page with the file of its name, and records method and page. */
  const CURL = `#!/bin/sh
while [ $# -gt 1 ]; do case $1 in -X) method=$2; shift 2 ;; *) shift ;; esac; done
page=\${1##*:15000/}
echo "$method $page" >>'${home}/asked'
case $page in
  config_dump) cat '${home}/dump.json' ;;
  clusters*) cat '${home}/clusters.json' ;;
  logging*) printf 'active loggers:\\n  admin: warning\\n  rbac: debug\\n' ;;
  *) echo 'curl: (7) Failed to connect to 127.0.0.1 port 15000' >&2; exit 7 ;;
esac
`;
  beforeAll(async () => {
    writeFileSync(join(bin, 'curl'), CURL);
    chmodSync(join(bin, 'curl'), 0o755);
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    writeFileSync(join(home, '.ssh/id_ed25519'), key.privateKey, { mode: 0o600 });
    writeFileSync(join(home, 'config'), '');
    server = await sshServer({ path: bin });
  });
  afterAll(() => server.close());

  const ofVm = (...words: readonly string[]) => {
    const ssh = ['--ssh-port', String(server.port), '--accept-new-host-key', '--ssh-config', join(home, 'config')];
    return runCli(['proxy', '127.0.0.1', ...words, ...ssh, '-i', join(home, '.ssh/id_ed25519')], { home, now });
  };

  test('one connection and one command give the table, with a port of the filter beside the port of SSH', async () => {
    const before = server.seen.connections;
    const { stdout, exitCode } = await ofVm('clusters', '--port', '8080', '--fqdn', 'client.views');
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(byIstioctl('clusters-fqdn'));
    expect(server.seen.connections - before).toBe(1);
  });

  test('details of clusters take endpoints from the second page', async () => {
    const { stdout } = await ofVm('clusters', '--details', '--fqdn', 'mysqldb');
    expect(stdout).toContain('outbound|3306||mysqldb.views.svc.cluster.local  EDS');
    expect(stdout).toContain('10.150.0.61:3306 HEALTHY');
  });

  test('log levels are set by a POST', async () => {
    writeFileSync(join(home, 'asked'), '');
    const { stdout } = await ofVm('log-level', '--level', 'rbac:debug', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({ version: 1, vm: '127.0.0.1', loggers: { admin: 'warning', rbac: 'debug' } });
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('POST logging\nPOST logging?paths=rbac:debug\n');
  });

  test('a logger that Envoy does not have is named, with those that it has', async () => {
    writeFileSync(join(home, 'asked'), '');
    const { stderr, exitCode } = await ofVm('log-level', '--level', 'rbac:debug', '--level', 'rback:debug');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('no logger rback. It has: admin, rbac')]);
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe('POST logging\n');
  });

  test('an Envoy that does not answer is a problem with the words of curl', async () => {
    const { stderr, exitCode } = await ofVm('stats');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('envoy-silent');
    expect(stderr).toContain('Failed to connect');
  });
});
