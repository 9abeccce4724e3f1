// Lays down what V8 compiles of the program beside its chunks: tsx scripts/compile-cache.ts FOLDER
// V8 compiles a function when it is first called, so the program runs here as it does for people, on loopback: with manifests and
// a directory, and with servers that say no. What is not called here is compiled when it is called. HOME is an empty folder: what
// the builder has in theirs (keys, ssh_config, kubeconfig) is not used.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { start as startOf } from '../src/start.ts';
import type * as Chunks from '../src/chunks.ts';
import { aCurrentCluster, anEastWestGateway, aNamespace } from '../test/support/cluster-objects.ts';
import { FakeApiServer } from '../test/support/fake-api-server.ts';
import { keyPair, sshServer } from '../test/support/ssh-server.ts';

const [dist = ''] = process.argv.slice(2);
const examples = fileURLToPath(new URL('../examples/', import.meta.url));

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'vm', name: 'mysqldb' } };

/** A home with a key, and with the host key of the one server that there is. */
function giveKeys(home: string, server: { port: number; hostKey: Buffer }): void {
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  const known = `[127.0.0.1]:${server.port} ssh-ed25519 ${server.hostKey.toString('base64')}\n`;
  writeFileSync(join(home, '.ssh/known_hosts'), known);
}

/** That of the example cluster. */
function rootCert(): string {
  const text = readFileSync(join(examples, 'current-cluster/istio-configmaps.yaml'), 'utf8');
  return (/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0] ?? '').replaceAll(/^ +/gm, '');
}

async function commandLines(home: string): Promise<void> {
  const cluster = aCurrentCluster({ rootCert: rootCert() });
  await using api = await FakeApiServer.start({
    objects: [...cluster, anEastWestGateway(), aNamespace('vm'), account],
  });
  const ssh = await sshServer({ forceCommand: 'exit 1' });
  giveKeys(home, ssh);
  const live = ['-n', 'vm', '--kubeconfig', api.kubeconfig()];
  const istiod = ['--istiod-address', '10.150.0.30'];
  const service = ['-n', 'vm', '--service', 'mysqldb:3306', '--package', join(examples, 'sidecar-package')];
  const image = ['setup-vm', 'istio-vm', '--root', 'image', '--manifests', 'current-cluster', ...service];
  for (const words of [
    ['generate-cluster-env', '--manifests', 'classic-cluster', '--out', 'files'],
    ['generate-cluster-env', '--workload-group', 'mysqldb', '--token', '--out', 'files', ...istiod, ...live],
    ['register', 'mysqldb', '10.150.0.5', '3306', ...live],
    [...image, '--dry-run'],
    image,
    image,
    ['up', `ssh://deploy@127.0.0.1:${ssh.port}`, '--kubeconfig', api.kubeconfig(), ...istiod, ...service, '--timings'],
  ])
    // Whether it ends well is a matter of the tests.
    await start(words, '0.0.0', (stream) => stream);
  await ssh.close();
}

const { load, keepCompiled } = createRequire(import.meta.url)(join(dist, 'chunks.js')) as typeof Chunks;

const startChunk = readdirSync(dist).find((name) => /^start-\w+\.js$/.test(name)) ?? '';
const { start } = load(startChunk) as { start: typeof startOf };

const home = homedir();
for (const name of ['classic-cluster', 'current-cluster', 'image'])
  cpSync(join(examples, name), join(home, name), { recursive: true });
process.chdir(home);
await commandLines(home);
keepCompiled();
