import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHIMS = fileURLToPath(new URL('iptables-shim.sh', import.meta.url));
const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));

/** How a script ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine in a folder: the script with a root of its own, and small programs instead of iptables, ss and pilot-agent. */
export interface Machine extends AsyncDisposable {
  /** Runs `capture` with a verb and its words. The environment is that of the caller, and reaches the small programs too. */
  run(words: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  bypass(verb: string): Promise<Ended>;
  /** The agent's environment and arguments come to lie in the files `environment` and `arguments`. */
  sidecarStart(env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Runs `watch` with a verb. */
  watch(verb: string): Promise<Ended>;
  /** What a reboot does to files: /run is empty. */
  rebooted(): Promise<void>;
  /** Half of the files of meshx are gone. */
  forgetRun(): Promise<void>;
  /** Who runs the tests, USER:GROUP. */
  readonly owner: string;
  exists(path: string): boolean;
  remove(path: string): Promise<void>;
  /** A program whose `refuses` was written takes rules again. */
  unrefuse(program: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Rules of a program's nat table, as its -save prints them. */
  nat(program: string): Promise<string>;
}

/** What `ss` lists on it. */
export const ESTABLISHED = [
  'ESTAB 0 0 10.150.0.5:22 10.150.0.1:41884 ino:10 sk:1e <->',
  'ESTAB 0 0 [::ffff:10.150.0.5]:3306 [::ffff:10.150.0.9]:50000 uid:104 ino:11 sk:2 <->',
  'ESTAB 0 0 [fd00::5%eth0]:7777 [fd00::1]:40000 ino:12 sk:3 <->',
  'CLOSE-WAIT 1 0 10.150.0.5:40100 10.1.2.3:443 uid:1000 ino:13 sk:4 -->',
  'ESTAB 0 0 127.0.0.1:15000 127.0.0.1:54132 uid:997 ino:14 sk:5 <->',
  'ESTAB 0 0 10.150.0.5:42016 10.150.0.10:15012 uid:997 ino:15 sk:6 <->',
  // An application whose traffic runs through the sidecar since an earlier start: Envoy has the other end.
  'ESTAB 0 0 10.150.0.5:60000 10.63.240.9:80 uid:1000 ino:16 sk:7 <->',
  'ESTAB 0 0 127.0.0.1:15001 10.150.0.5:60000 uid:997 ino:17 sk:8 <->',
  'ESTAB 0 0 10.150.0.5:15006 10.150.0.30:36630 uid:997 ino:18 sk:9 <->',
].join('\n');

const CLUSTER_ENV = `ISTIO_INBOUND_PORTS='3306'
ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15020'
ISTIO_META_DNS_CAPTURE='true'
ISTIO_METAJSON_LABELS='{"app":"my$(id)sqldb"}'
ISTIO_SERVICE_CIDR='*'
`;

/** Rules of others. */
export const DOCKER =
  ':DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER -i docker0 -j RETURN\n';

function formatEnv(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([key, value]) => `${key}='${value.replaceAll("'", `'"'"'`)}'\n`)
    .join('');
}

/** A machine that goes with the test. */
export async function aMachine(): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'meshx-capture-'));
  const bin = join(root, 'usr/local/bin');
  const families = ['iptables', 'ip6tables'].flatMap((family) => [`${family}-legacy`, `${family}-nft`]);
  const names = [
    ...families.flatMap((each) => [each, `${each}-save`, `${each}-restore`]),
    'iptables',
    'nft',
    'ss',
    'sshd',
    'systemctl',
    'id',
    'getent',
    'ip',
  ];
  await mkdir(bin, { recursive: true });
  await mkdir(join(root, 'var/lib/istio/envoy'), { recursive: true });
  await mkdir(join(root, 'proc/net'), { recursive: true });
  for (const folder of ['etc/certs', 'var/log/istio', 'run/meshx/sidecar'])
    await mkdir(join(root, folder), { recursive: true });
  for (const path of [...names, 'pilot-agent'].map((name) => join(bin, name))) {
    await cp(SHIMS, path);
    await chmod(path, 0o755);
  }
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await write('var/lib/istio/envoy/cluster.env', CLUSTER_ENV);
  await write('connections', ESTABLISHED);
  await write('etc/resolv.conf', 'nameserver 10.150.0.2\n');
  await write('listeners', 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=9,fd=3))\n');
  for (const program of families) await write(`${program}.nat`, program === 'iptables-nft' ? DOCKER : '');
  const script = async (
    name: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> => {
    await write('shim.env', formatEnv(env));
    return await new Promise((resolve) =>
      execFile('sh', [join(SYSTEMD, name), '--root', root, ...words], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      ),
    );
  };
  return {
    write,
    remove: (path) => rm(join(root, path), { recursive: true }),
    read: (path) => readFile(join(root, path), 'utf8'),
    nat: (program) => readFile(join(root, `${program}.nat`), 'utf8'),
    rebooted: () => rm(join(root, 'run'), { recursive: true, force: true }),
    forgetRun: () => rm(join(root, 'run/meshx'), { recursive: true, force: true }),
    owner: `${process.getuid?.()}:${process.getgid?.()}`,
    exists: (path) => existsSync(join(root, path)),
    unrefuse: (program) => rm(join(root, `${program}.refuses`)),
    run: (words, env) => script('capture', words === 'guard' ? ['guard', '0.05'] : words.split(' '), env),
    bypass: (verb) => script('meshx-bypass', [verb]),
    sidecarStart: (env) => script('sidecar-start', [], { PATH: '/usr/bin:/bin', ...env }),
    watch: (verb) => script('watch', [verb]),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
