import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHIMS = fileURLToPath(new URL('iptables-shim.sh', import.meta.url));
const RESTORE = fileURLToPath(new URL('restore.awk', import.meta.url));
const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));

/** How a script ended. */
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process as /proc shows it. */
export interface ShimProcess {
  /** Its executable, below the root of the machine: a file of root's, which is who runs the tests. */
  readonly exe: string;
  readonly uid?: number;
  readonly parent?: number;
  readonly comm?: string;
  /** Inodes of the sockets that it holds. */
  readonly sockets?: readonly number[];
}

/** Which program of systemd/ knows a verb; `capture` knows the others. */
const PROGRAM: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['arm', 'confirm', 'revert', 'due', 'switch'].map((verb) => [verb, 'dead-man'])),
  ...{ follow: 'guard', lost: 'restore', restore: 'restore' },
  ...Object.fromEntries(['prepare', 'instance', 'leftover', 'address'].map((verb) => [verb, 'sidecar-prepare'])),
};

/** A machine in a folder: the programs with a root of its own, and small programs instead of iptables, ss and pilot-agent. */
export interface Machine extends AsyncDisposable {
  readonly root: string;
  /** Runs the program that knows the verb, with its arguments. The environment is that of the caller, and reaches the small programs too. */
  run(words: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Runs one of meshx's programs, as a unit does. */
  command(program: string, ...words: readonly string[]): Promise<Ended>;
  bypass(verb: string): Promise<Ended>;
  /** Runs `agent-root` with this on its stdin. */
  ask(line: string | Readable): Promise<Ended>;
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
  /** Puts a process into its /proc. */
  process(pid: number, process: ShimProcess): Promise<void>;
  /** Rules of a program's nat table, as its -save prints them. */
  nat(program: string): Promise<string>;
  /** Another machine in the same state. What takes long to reach is reached once for several tests. */
  copy(programs?: string): Machine;
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

const FAMILIES = ['iptables', 'ip6tables'].flatMap((family) => [`${family}-legacy`, `${family}-nft`]);
const NAMES = [
  ...FAMILIES.flatMap((each) => [each, `${each}-save`, `${each}-restore`]),
  ...['iptables', 'nft', 'ss', 'runuser', 'setpriv', 'sshd', 'systemctl', 'id', 'getent', 'ip', 'sleep', 'pilot-agent'],
];
const FOLDERS = ['usr/local/bin', 'var/lib/istio/envoy', 'proc/net', 'etc/certs', 'var/log/istio', 'run/meshx/sidecar'];

/** A folder that goes with the test. */
const newRoot = (): string => mkdtempSync(join(tmpdir(), 'meshx-capture-'));

/** A machine that goes with the test. `programs` is the folder that has those of meshx. */
export async function aMachine(programs = SYSTEMD): Promise<Machine> {
  const root = newRoot();
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(SHIMS, join(root, 'shim'));
  chmodSync(join(root, 'shim'), 0o755);
  for (const name of NAMES) linkSync(join(root, 'shim'), join(root, 'usr/local/bin', name));
  copyFileSync(RESTORE, join(root, 'restore.awk'));
  const texts = {
    'var/lib/istio/envoy/cluster.env': CLUSTER_ENV,
    'etc/resolv.conf': 'nameserver 10.150.0.2\n',
    'proc/uptime': '1000.00 900.00\n',
    connections: ESTABLISHED,
    listeners: 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* ino:22 sk:1\n',
    'table.begin': '*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n',
    'table.end': 'COMMIT\n',
    ...Object.fromEntries(FAMILIES.map((each) => [`${each}.nat`, each === 'iptables-nft' ? DOCKER : ''])),
  };
  for (const [path, text] of Object.entries(texts)) writeFileSync(join(root, path), text);
  const machine = machineIn(root, programs);
  await machine.process(9, { exe: 'usr/sbin/sshd', sockets: [22] });
  return machine;
}

/** The machine whose files are in a folder. */
function machineIn(root: string, programs: string): Machine {
  const write = (path: string, text: string): Promise<void> => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    return writeFile(join(root, path), text);
  };
  const script = async (
    name: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> => {
    await write('shim.env', formatEnv(env));
    return await new Promise((resolve) =>
      execFile('sh', [join(programs, name), '--root', root, ...words], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      ),
    );
  };
  return {
    root,
    command: (program, ...words) => script(program, words),
    write,
    remove: (path) => rm(join(root, path), { recursive: true }),
    process: (pid, process) => Promise.resolve(addProcess(root, pid, process)),
    read: (path) => readFile(join(root, path), 'utf8'),
    nat: (program) => readFile(join(root, `${program}.nat`), 'utf8'),
    rebooted: () => rm(join(root, 'run'), { recursive: true, force: true }),
    forgetRun: () => rm(join(root, 'run/meshx'), { recursive: true, force: true }),
    owner: `${process.getuid?.()}:${process.getgid?.()}`,
    exists: (path) => existsSync(join(root, path)),
    unrefuse: (program) => rm(join(root, `${program}.refuses`)),
    run: (line, env) => {
      const words = line.split(' ');
      return script(PROGRAM[words[0] ?? ''] ?? 'capture', words[0] === 'follow' ? [...words, '0.05'] : words, env);
    },
    ask: (line) => asked(join(programs, 'agent-root'), root, line),
    bypass: (verb) => script('meshx-bypass', [verb]),
    sidecarStart: (env) => script('sidecar-start', [], { PATH: '/usr/bin:/bin', ...env }),
    watch: (verb) => script('watch', [verb]),
    copy: (others = programs) => {
      const copy = newRoot();
      execFileSync('cp', ['-a', `${root}/.`, copy]);
      return machineIn(copy, others);
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

async function asked(program: string, root: string, line: string | Readable): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile('sh', [program, '--root', root], { env: {} }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    // The program may end before it has read everything.
    child.stdin?.on('error', () => undefined);
    // The agent keeps its connection open.
    if (typeof line === 'string') child.stdin?.write(line);
    else if (child.stdin) line.pipe(child.stdin);
    child.on('exit', () => child.stdin?.destroy());
  });
}

function addProcess(root: string, pid: number, { exe, uid = 0, parent = 1, comm, sockets = [] }: ShimProcess): void {
  const at = join(root, 'proc', String(pid));
  const name = comm ?? basename(exe);
  rmSync(at, { recursive: true, force: true });
  mkdirSync(join(at, 'fd'), { recursive: true });
  mkdirSync(join(root, dirname(exe)), { recursive: true });
  if (!existsSync(join(root, exe))) writeFileSync(join(root, exe), '');
  // From here, so that a copy of the machine has processes of its own.
  symlinkSync(join('../..', exe), join(at, 'exe'));
  for (const inode of sockets) symlinkSync(`socket:[${inode}]`, join(at, 'fd', String(inode)));
  writeFileSync(join(at, 'comm'), `${name}\n`);
  // The kernel escapes a line break here, and not in stat.
  writeFileSync(
    join(at, 'status'),
    `Name:\t${name.replaceAll('\n', '\\n')}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
  );
  writeFileSync(join(at, 'stat'), `${pid} (${name}) S ${parent} ${'0 '.repeat(17)}4711 0\n`);
}
