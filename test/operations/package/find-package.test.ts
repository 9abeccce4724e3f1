import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import type { CurrentFacts } from '../../../src/mesh/cluster-facts.ts';
import { trimCache } from '../../../src/operations/package/cache-content.ts';
import { packageFinder } from '../../../src/operations/package/find-package.ts';
import { openGivenPackage } from '../../../src/operations/package/open-package.ts';
import { parsePackageSource } from '../../../src/operations/package/package-source.ts';
import type { World } from '../../../src/world.ts';
import { selfSigned } from '../../support/cluster-objects.ts';
import { sidecarDeb } from '../../support/deb.ts';
import { ReleaseServer, TunnelProxy } from '../../support/release-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DEB = '1.29.1/deb/istio-sidecar.deb';
const AMD64 = { format: 'deb', architecture: 'amd64' } as const;
const TLS = selfSigned('releases', 'DNS:releases.test,IP:127.0.0.1');

let server: ReleaseServer;
let file: Buffer;
let sha256: string;

beforeAll(async () => {
  file = await sidecarDeb({}, { './usr/local/bin/envoy': randomBytes(50_000).toString('hex') });
  server = await ReleaseServer.start(TLS);
  sha256 = server.publish(DEB, file);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.requests.length = 0;
  server.treatments.clear();
});

interface Operator extends World {
  readonly notes: string[];
}

function operator(env: World['env'] = {}): Operator {
  const home = temporaryFolder();
  const roots = join(home, 'roots.pem');
  writeFileSync(roots, TLS.cert);
  const notes: string[] = [];
  return {
    ...{ cwd: home, home, now: () => new Date(), version: '1.2.3', notes },
    env: { SSL_CERT_FILE: roots, ...env },
    signal: new AbortController().signal,
    note: (lines) => void notes.push(...[lines].flat()),
  };
}

const cacheOf = ({ home }: World): string => join(home, '.cache/meshx/packages');
const kept = (world: World): readonly string[] =>
  existsSync(cacheOf(world)) ? readdirSync(cacheOf(world)).sort() : [];

/** A cluster whose istiod has this image. */
function cluster(image: string | undefined, labels: Readonly<Record<string, string>> = {}): Kubernetes {
  const deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'istiod', namespace: 'istio-system', labels } },
    spec: { template: { spec: { containers: [{ name: 'discovery', image }] } } },
  };
  // as: nothing else is asked.
  return { get: () => Promise.resolve(image === undefined ? undefined : deployment) } as unknown as Kubernetes;
}

const FACTS = { generation: 'current', istioNamespace: 'istio-system' } as CurrentFacts;

function finder(world: World, source: string | undefined, { image = 'istio/pilot:1.29.1-distroless', pin = '' } = {}) {
  const isPinned = pin !== '';
  const found = parsePackageSource(source, { cwd: world.cwd, isPinned });
  if (!found) throw new Error('no source');
  const options = { source: found, upgrade: false, ...(isPinned && { sha256: pin }) };
  return packageFinder({ world, kube: cluster(image), facts: FACTS }, options);
}

test('the package of the version of istiod is fetched once, for this user alone, and needs no network again', async () => {
  const world = operator();
  expect(await finder(world, server.url())(AMD64)).toMatchObject({
    ...{ name: 'istio-sidecar', version: '1.29.1', format: 'deb', architecture: 'amd64', sha256 },
    source: { file: join(cacheOf(world), `${sha256}.deb`), sha256 },
  });
  expect(server.requests).toEqual([`GET /${DEB}.sha256`, `GET /${DEB}`]);
  expect(world.notes).toEqual([`downloading istio-sidecar.deb from 127.0.0.1:${server.port}`]);
  expect(kept(world)).toEqual([`${sha256}.deb`, `${sha256}.json`]);
  expect([cacheOf(world), ...kept(world).map((name) => join(cacheOf(world), name))].map(modeOf)).toEqual([
    ...['700', '600', '600'],
  ]);
  await finder(world, server.url())(AMD64);
  expect(server.requests).toHaveLength(2);
});

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('each format and architecture has its own file, as the release builder names it', async () => {
  const world = operator();
  server.publish('1.29.1/deb/istio-sidecar-arm64.deb', await sidecarDeb({ architecture: 'arm64' }));
  const find = finder(world, server.url());
  expect(await find({ format: 'deb', architecture: 'arm64' })).toMatchObject({ architecture: 'arm64' });
  await expect(find({ format: 'rpm', architecture: 'arm64' })).rejects.toMatchObject({
    id: 'package-not-published',
    message: expect.stringContaining('Istio 1.29.1 as .rpm for arm64'),
  });
  expect(server.requests).toContain('GET /1.29.1/rpm/istio-sidecar-arm64.rpm.sha256');
});

/** What the cache has of the package as zstd packed it. */
function keepPacked(
  world: World,
  content: string,
  digest = createHash('sha256').update(content).digest('hex'),
): string {
  const path = join(cacheOf(world), `${sha256}.zstd-${digest}.deb`);
  writeFileSync(path, content);
  return path;
}

test('a VM whose dpkg unpacks zstd gets the package as zstd packed it, under the published digest', async () => {
  const world = operator();
  const unpacks = { ...AMD64, unpacksZstd: true };
  const published = { sha256, source: { file: join(cacheOf(world), `${sha256}.deb`), sha256 } };
  expect(await finder(world, server.url())(unpacks)).toMatchObject(published);
  const path = keepPacked(world, 'smaller');
  const digest = createHash('sha256').update('smaller').digest('hex');
  expect(await finder(world, server.url())(unpacks)).toMatchObject({
    ...{ sha256, bytes: 7, name: 'istio-sidecar', version: '1.29.1' },
    source: { file: path, sha256: digest },
  });
  expect(await finder(world, server.url())(AMD64)).toMatchObject(published);
});

test('a packed package that has changed in the cache is not sent, and goes', async () => {
  const world = operator();
  const find = finder(world, server.url());
  await find(AMD64);
  const path = keepPacked(world, 'damaged', 'a'.repeat(64));
  expect(await find({ ...AMD64, unpacksZstd: true })).toMatchObject({ source: { sha256 } });
  expect(existsSync(path)).toBe(false);
});

test('where the package came from is known as long as the cache has it, packed or not', async () => {
  const world = operator();
  await finder(world, server.url())(AMD64);
  const path = keepPacked(world, 'smaller');
  utimesSync(path, 1, 1);
  await trimCache(cacheOf(world), file.length);
  expect(kept(world)).toEqual([`${sha256}.deb`, `${sha256}.json`]);
});

test('VMs of one run share one search, and runs at once share one download', async () => {
  const world = operator();
  let release = (): void => undefined;
  server.treat(DEB, { after: new Promise<void>((resolve) => (release = resolve)) });
  const waits = { ...world, note: (text: unknown) => void (String(text).startsWith('waiting') && release()) };
  const find = finder(waits, server.url());
  // Two VMs of one run, and another run with a search of its own.
  const opened = await Promise.all([find(AMD64), find(AMD64), finder(waits, server.url())(AMD64)]);
  expect(new Set(opened.map((each) => each.sha256))).toEqual(new Set([sha256]));
  expect(server.requests.filter((line) => line === `GET /${DEB}`)).toHaveLength(1);
});

test('a download that breaks is continued, in the same run and in the next one', async () => {
  const world = operator();
  server.treat(DEB, { cutAfter: Math.ceil(file.length / 3) });
  expect(await finder(world, server.url())(AMD64)).toMatchObject({ sha256 });
  const ranges = server.requests.filter((line) => line.startsWith(`GET /${DEB} bytes=`));
  expect(ranges.length).toBeGreaterThanOrEqual(2);

  const later = operator();
  mkdirSync(cacheOf(later), { recursive: true });
  writeFileSync(join(cacheOf(later), `${sha256}.part`), file.subarray(0, 50));
  server.treatments.clear();
  await finder(later, server.url())(AMD64);
  expect(server.requests.at(-1)).toBe(`GET /${DEB} bytes=50-`);
});

test.each([
  ['a part of another file', Buffer.from('something else'), {}],
  ['a part that is longer than the file', Buffer.alloc(200_000), {}],
  ['a server without ranges', Buffer.from('!<arch>\n'), { noRanges: true }],
])('%s does not spoil the download', async (_what, part, treatment) => {
  const world = operator();
  server.treat(DEB, treatment);
  mkdirSync(cacheOf(world), { recursive: true });
  writeFileSync(join(cacheOf(world), `${sha256}.part`), part);
  expect(await finder(world, server.url())(AMD64)).toMatchObject({ sha256 });
  expect(kept(world)).toEqual([`${sha256}.deb`, `${sha256}.json`]);
});

test('what a run left that was killed is taken over', async () => {
  const world = operator();
  mkdirSync(cacheOf(world), { recursive: true });
  const lock = join(cacheOf(world), `${sha256}.lock`);
  writeFileSync(lock, '1 another-machine 1\n');
  utimesSync(lock, new Date(0), new Date(0));
  expect(await finder(world, server.url())(AMD64)).toMatchObject({ sha256 });
});

test('a package that was changed in the cache is fetched again', async () => {
  const world = operator();
  await finder(world, server.url())(AMD64);
  writeFileSync(join(cacheOf(world), `${sha256}.deb`), 'damaged');
  expect(await finder(world, server.url())(AMD64)).toMatchObject({ sha256 });
  expect(readFileSync(join(cacheOf(world), `${sha256}.deb`))).toEqual(file);
});

test.each([
  ['other bytes than published', DEB, { content: Buffer.from('evil') }, 'package-sha256-wrong'],
  ['an error instead of the package', DEB, { status: 500 }, 'package-download-failed'],
  ['an error instead of the checksum', `${DEB}.sha256`, { status: 503 }, 'package-checksum-unreadable'],
  ['a page of HTML as checksum', `${DEB}.sha256`, { content: Buffer.from('<html>') }, 'package-checksum-unreadable'],
  ['an endless checksum', `${DEB}.sha256`, { content: Buffer.alloc(9999, 'a') }, 'package-checksum-unreadable'],
  ['a redirect without encryption', DEB, { redirect: 'http://127.0.0.1:9/x' }, 'package-download-failed'],
  ['a redirect to a file', `${DEB}.sha256`, { redirect: 'file:///etc/passwd' }, 'package-checksum-unreadable'],
  ['a circle of redirects', DEB, { redirect: `/${DEB}` }, 'package-download-failed'],
  ['nothing', `${DEB}.sha256`, { status: 404 }, 'package-not-published'],
] as const)('%s is a Problem, and no package is kept', async (_what, path, treatment, id) => {
  const world = operator();
  server.treat(path, treatment);
  await expect(finder(world, server.url())(AMD64)).rejects.toMatchObject({ id });
  expect(kept(world).filter((name) => name.endsWith('.deb') || name.endsWith('.lock'))).toEqual([]);
});

test('a redirect within https is followed', async () => {
  server.treat(DEB, { redirect: `${server.url()}elsewhere/istio-sidecar.deb` });
  server.publish('elsewhere/istio-sidecar.deb', file);
  expect(await finder(operator(), server.url())(AMD64)).toMatchObject({ sha256 });
});

test('a server without a trusted certificate, and one that is not there, are Problems', async () => {
  const untrusted = operator({ SSL_CERT_FILE: undefined });
  await expect(finder(untrusted, server.url())(AMD64)).rejects.toMatchObject({ id: 'package-checksum-unreadable' });
  await expect(finder(operator(), 'https://127.0.0.1:1/')(AMD64)).rejects.toMatchObject({
    id: 'package-checksum-unreadable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('HTTPS_PROXY is used, and NO_PROXY and a proxy that is not there are respected', async () => {
  await using proxy = await TunnelProxy.start();
  const source = server.url('releases.test');
  expect(await finder(operator({ HTTPS_PROXY: proxy.url }), source)(AMD64)).toMatchObject({ sha256 });
  expect(new Set(proxy.asked)).toEqual(new Set([`releases.test:${server.port}`]));
  const asked = proxy.asked.length;
  // The name leads nowhere without the proxy.
  await expect(
    finder(operator({ HTTPS_PROXY: proxy.url, NO_PROXY: 'releases.test' }), source)(AMD64),
  ).rejects.toMatchObject({ id: 'package-checksum-unreadable' });
  expect(proxy.asked).toHaveLength(asked);
  await expect(finder(operator({ HTTPS_PROXY: 'http://127.0.0.1:1' }), source)(AMD64)).rejects.toMatchObject({
    message: expect.stringContaining('through the proxy 127.0.0.1:1'),
  });
});

test('a digest from elsewhere replaces the published one', async () => {
  const world = operator();
  await expect(finder(world, server.url(), { pin: 'f'.repeat(64) })(AMD64)).rejects.toMatchObject({
    id: 'package-sha256-wrong',
  });
  expect(await finder(world, server.url(), { pin: sha256 })(AMD64)).toMatchObject({ sha256 });
  expect(server.requests).not.toContain(`GET /${DEB}.sha256`);
});

test.each([
  ['cannot be read', (path: string) => mkdirSync(path)],
  ['is a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['is far too long', (path: string) => writeFileSync(path, 'a'.repeat(9999))],
])('a package is not used without its checksum if that %s', async (_what, make) => {
  const world = operator();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'istio-sidecar.deb'), file);
  make(join(folder, 'istio-sidecar.deb.sha256'));
  await expect(finder(world, folder)(AMD64)).rejects.toMatchObject({ id: 'package-checksum-unreadable' });
});

test('a directory is a source, laid out as the releases or with the file alone', async () => {
  const world = operator();
  const [mirror, alone] = [join(world.home, 'mirror'), join(world.home, 'alone')];
  mkdirSync(join(mirror, '1.29.1/deb'), { recursive: true });
  mkdirSync(alone);
  const path = join(mirror, DEB);
  writeFileSync(path, file);
  cpSync(path, join(alone, 'istio-sidecar.deb'));
  expect(await finder(world, 'mirror')(AMD64)).toMatchObject({ sha256, source: { file: path } });
  expect(await finder(world, alone)(AMD64)).toMatchObject({ sha256 });
  await expect(finder(world, alone)({ format: 'rpm', architecture: 'amd64' })).rejects.toMatchObject({
    id: 'package-not-published',
  });
  writeFileSync(`${path}.sha256`, `${'0'.repeat(64)} istio-sidecar.deb\n`);
  await expect(finder(world, 'mirror')(AMD64)).rejects.toMatchObject({ id: 'package-sha256-wrong' });
  expect(server.requests).toEqual([]);
});

test('a package of another name, or of a version that does not fit istiod, is refused', async () => {
  const world = operator();
  const folder = join(world.home, 'alone');
  mkdirSync(folder);
  const write = async (version: string) =>
    writeFileSync(join(folder, 'istio-sidecar.deb'), await sidecarDeb({ version }));
  await write('1.30.0');
  await expect(finder(world, folder)(AMD64)).rejects.toMatchObject({
    id: 'package-unreadable',
    message: expect.stringMatching(/1\.30\.0.*1\.29\.1/),
  });
  await write('1.28.3');
  expect(await finder(world, folder)(AMD64)).toMatchObject({ version: '1.28.3' });
  writeFileSync(join(folder, 'istio-sidecar.deb'), await sidecarDeb({ name: 'other' }));
  await expect(finder(world, folder)(AMD64)).rejects.toMatchObject({ id: 'package-unreadable' });
});

describe('the repositories of a VM', () => {
  const offered = { version: '1.29.1-1', architecture: 'amd64', sha256: 'c'.repeat(64), bytes: 45_000_000 };

  test('are a source whose package the VM fetches itself, with the digest of its index', async () => {
    const world = operator({ HTTPS_PROXY: 'http://127.0.0.1:1' });
    expect(await finder(world, 'distribution')(AMD64, { vm: 'db-1', offered })).toMatchObject({
      ...offered,
      ...{ name: 'istio-sidecar', format: 'deb', source: { repository: 'apt' } },
    });
  });

  test.each([
    ['offer nothing', {}, AMD64, 'offer no istio-sidecar'],
    ['are behind', { offered: { ...offered, version: '1.20.0' } }, AMD64, 'istiod has 1.29.1'],
    ['are ahead', { offered: { ...offered, version: '1.30.0' } }, AMD64, 'istiod has 1.29.1'],
    ['are of rpm', { offered }, { ...AMD64, format: 'rpm' as const }, 'not those of apt'],
  ])('that %s are a Problem', async (_what, seen, kind, reason) => {
    await expect(finder(operator(), 'distribution')(kind, { vm: 'db-1', ...seen })).rejects.toMatchObject({
      id: 'package-not-offered',
      message: expect.stringContaining(reason),
    });
  });

  test('are held to a digest that is given', async () => {
    const pinned = finder(operator(), 'distribution', { pin: 'd'.repeat(64) })(AMD64, { vm: 'db-1', offered });
    await expect(pinned).rejects.toMatchObject({ id: 'package-sha256-wrong' });
  });
});

test.each([
  ['a build of a commit', 'gcr.io/istio-testing/pilot:1.29-alpha.0123456789abcdef0123456789abcdef01234567'],
  ['a version of a vendor', 'vendor/pilot:1.29.1-vendor-v0'],
  ['a moving tag', 'istio/pilot:latest'],
  ['a digest', `istio/pilot@sha256:${'0'.repeat(64)}`],
  ['a version that climbs', 'istio/pilot:..'],
])('%s is no release of Istio, and nothing is asked of the network', async (_what, image) => {
  await expect(
    finder(operator({ HTTPS_PROXY: 'http://127.0.0.1:1' }), undefined, { image })(AMD64),
  ).rejects.toMatchObject({ id: 'istiod-version-unknown', hint: expect.stringContaining('--package FILE') });
});

test.each([
  ['istio/pilot:1.31.0-rc.0', '/1.31.0-rc.0/'],
  ['localhost:5000/pilot:1.29.1-debug', '/1.29.1/'],
  [`istio/pilot:1.29.1@sha256:${'0'.repeat(64)}`, '/1.29.1/'],
  ['vendor/pilot:1.29.1-vendor-v0', '/1.29.1-vendor-v0/'],
])('a mirror is asked for the version of %s', async (image, part) => {
  await finder(operator(), server.url(), { image })(AMD64).catch(() => undefined);
  expect(server.requests[0]).toContain(part);
});

test('without a Deployment of istiod that may be read, the version is unknown', async () => {
  const world = operator();
  const source = parsePackageSource(server.url(), { cwd: world.cwd, isPinned: false })!;
  const found = packageFinder({ world, kube: cluster(undefined), facts: FACTS }, { source, upgrade: false })(AMD64);
  await expect(found).rejects.toMatchObject({ id: 'istiod-version-unknown' });
});

test.each([
  ['http://mirror.example/releases', false, 'bad-input'],
  ['https://mirror.example/?token=x', false, 'bad-input'],
  ['ftp://mirror.example/', true, 'bad-input'],
  ['https://', false, 'bad-input'],
])('%s is refused as a source', (text, isPinned, id) => {
  expect(() => parsePackageSource(text, { cwd: '/', isPinned })).toThrow(expect.objectContaining({ id }));
});

test('http is for this machine, and for packages whose digest is given', () => {
  const read = (text: string, isPinned: boolean) => parsePackageSource(text, { cwd: '/here', isPinned });
  expect(read('http://127.0.0.1:8000', false)).toEqual({ kind: 'url', url: new URL('http://127.0.0.1:8000/') });
  expect(read('http://mirror.example/r', true)).toEqual({ kind: 'url', url: new URL('http://mirror.example/r/') });
  expect(read('mirror', false)).toEqual({ kind: 'directory', path: '/here/mirror' });
  expect(read('none', false)).toBeUndefined();
  expect(read('distribution', false)).toEqual({ kind: 'distribution' });
});

describe('a package that is given by its URL', () => {
  test('needs its digest, and is kept by it', async () => {
    const world = operator();
    const from = `${server.url()}${DEB}`;
    await expect(openGivenPackage(world, { from })).rejects.toMatchObject({ id: 'package-sha256-needed' });
    expect(server.requests).toEqual([]);
    const wanted = { from, sha256: sha256.toUpperCase() };
    expect(await openGivenPackage(world, wanted)).toMatchObject({ version: '1.29.1', sha256 });
    await openGivenPackage(world, wanted);
    expect(server.requests).toEqual([`GET /${DEB}`]);
  });

  test('is not used with another digest', async () => {
    const from = `${server.url()}${DEB}`;
    const sum = createHash('sha256').update('other').digest('hex');
    await expect(openGivenPackage(operator(), { from, sha256: sum })).rejects.toMatchObject({
      id: 'package-sha256-wrong',
    });
  });
});

test('a cache that cannot be written is a Problem that names the folder', async () => {
  const world = operator();
  writeFileSync(join(world.home, '.cache'), 'a file');
  await expect(finder(world, server.url())(AMD64)).rejects.toMatchObject({
    id: 'cache-unusable',
    message: expect.stringContaining('.cache/meshx/packages'),
  });
});
