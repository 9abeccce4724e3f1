import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellFile } from '../../src/text-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROXY = 997;
const STRANGER = 1000;

/** Programs that root runs, and parts of them. */
const SHELL = [
  ...readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join('src', name)),
  ...readdirSync(join(ROOT, 'systemd')).map((name) => join('systemd', name)),
];
const codeOf = (file: string): readonly string[] =>
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line));

/** Any user can give a process this name, or these arguments. */
const BY_NAME =
  /\b(?:pgrep|pkill|pidof|killall)\b|\bps\b(?![^|;]*-(?:p|-ppid)\b)[^|;]*\bargs\b|\/proc\/\[0-9\]\*\/(?:cmdline|comm)/;
/** It compares the user of each process that it finds. */
const WITH_USER = ['src/reconcile/lock.sh'];

test.each(SHELL)('%s finds no process by a name or arguments that another user may choose', (file) => {
  if (WITH_USER.includes(file)) return;
  expect(codeOf(file).filter((line) => BY_NAME.test(line))).toEqual([]);
});

test.each(SHELL)('%s asks for the user of each program that it finds, as every user may run those of root', (file) => {
  const code = codeOf(file);
  const calls = code.filter((line) => /(?:^\s*|\$\(|[|;]\s*)running [a-z]/.test(line));
  const kept = /^(\w+)=\$\(running [^|]*\)$/;
  expect(calls.filter((line) => !line.includes('of_users') && !kept.test(line))).toEqual([]);
  // What is kept without its users is only ever read through a filter of users.
  const names = calls.flatMap((line) => kept.exec(line)?.[1] ?? []);
  const reads = names.flatMap((name) =>
    code.flatMap((line) => line.split(';')).filter((part) => part.includes(`"$${name}"`)),
  );
  expect(reads.filter((part) => !/\| (?:of_users|resolvers)\b/.test(part))).toEqual([]);
});

test('the arguments of the meshx that root runs, with what an operator typed, are in no report', () => {
  const calls =
    codeOf('src/vm/bugreport/collect.root.sh')
      .join('\n')
      .match(/running [^|]*\| of_users [^|;]*/g) ?? [];
  const [agent, ...others] = calls.filter((call) => /^running [^|]*meshx/.test(call));
  expect([agent, others]).toEqual(['running meshx | of_users "$(id -u meshx-agent 2>/dev/null)"', []]);
});

interface Process {
  readonly exe: string;
  readonly uid: number;
  readonly argv?: readonly string[];
}

/** A root directory whose /proc has these processes, from 100 on. */
function machine(processes: readonly Process[]): string {
  const root = temporaryFolder();
  for (const [index, { exe, uid, argv = [] }] of processes.entries()) {
    const at = join(root, 'proc', String(100 + index));
    mkdirSync(at, { recursive: true });
    mkdirSync(join(root, dirname(exe)), { recursive: true });
    writeFileSync(join(root, exe), '', { flag: 'a' });
    symlinkSync(join('../..', exe), join(at, 'exe'));
    writeFileSync(join(at, 'status'), `Name:\tx\nPPid:\t1\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
    writeFileSync(join(at, 'cmdline'), [exe, ...argv].join('\0') + '\0');
  }
  return root;
}

/** What a function of meshx prints there. `accounts` are branches of a case: `named) echo 25 ;;`. */
function printed(root: string, file: string, call: string, accounts: string): readonly string[] {
  const id = `id() { case $2 in ${accounts} *) return 1 ;; esac; }`;
  const { text } = shellFile(new URL(`../../${file}`, import.meta.url));
  const script = `R=$1; ${id}; . "$2/systemd/processes"; ${text}\n${call}`;
  const ran = spawnSync('sh', ['-c', script, 'sh', root, ROOT], { encoding: 'utf8' });
  return ran.stdout.split('\n').filter(Boolean).sort();
}

/** The processes that a VM's snapshot shows of its sidecar, with this /proc. */
function sidecarProcesses(processes: readonly Process[]): readonly string[] {
  const accounts = `istio-proxy) echo ${PROXY} ;;`;
  return printed(machine(processes), 'src/vm/picture/parts.sh', 'sidecar_processes', accounts);
}

test('a process of another user with the names and arguments of the sidecar is none of it', () => {
  const agent = { exe: 'usr/local/bin/pilot-agent', argv: ['proxy', 'sidecar'] };
  const envoy = { exe: 'usr/local/bin/envoy' };
  expect(
    sidecarProcesses([
      { ...agent, uid: PROXY },
      { ...envoy, uid: PROXY },
      { ...agent, uid: STRANGER },
      { ...envoy, uid: STRANGER },
      { exe: 'usr/local/bin/node_agent', uid: STRANGER },
      { exe: 'home/mallory/pilot-agent', argv: ['proxy'], uid: STRANGER },
    ]),
  ).toEqual([`100 pilot-agent ${PROXY} 1`, `101 envoy ${PROXY} 1`]);
});

test('a resolver of the machine runs as root or as the account of its package, whatever others have started', () => {
  const [UNBOUND, BIND] = [110, 111];
  const programs = ['unbound', 'named', 'dnsmasq', 'pdns_recursor', 'nscd', 'envoy'];
  const processes = [
    { exe: 'usr/sbin/unbound', uid: UNBOUND },
    { exe: 'usr/sbin/named', uid: BIND },
    { exe: 'usr/sbin/nscd', uid: 0 },
    { exe: 'usr/sbin/envoy', uid: 0 },
    { exe: 'usr/sbin/unbound', uid: STRANGER },
    { exe: 'usr/sbin/named', uid: STRANGER },
    { exe: 'usr/sbin/dnsmasq', uid: STRANGER },
    { exe: 'usr/sbin/nscd', uid: UNBOUND },
  ];
  const accounts = `unbound) echo ${UNBOUND} ;; bind) echo ${BIND} ;;`;
  const call = `running ${programs.join(' ')} | resolvers`;
  expect(printed(machine(processes), 'src/vm/preflight/resolvers.sh', call, accounts)).toEqual([
    '100 unbound',
    '101 named',
    '102 nscd',
  ]);
});
