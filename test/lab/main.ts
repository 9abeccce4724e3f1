// The lab from the command line: npm run lab -- help
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { buildAll } from './build/all.ts';
import { installPackages } from './build/packages.ts';
import type { Suite } from './build/root-file-system.ts';
import { purge } from './cache.ts';
import { diagnostics } from './diagnostics.ts';
import { Lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { labNames, secondLab } from './names.ts';
import { vmRecords } from './operator.ts';
import { type Ran } from './command.ts';

const HELP = `npm run lab -- COMMAND        (root; MESHX_LAB names the lab, MESHX_LAB_CACHE its cache folder)

  packages                      Debian packages the lab and the tests need
  build                         programs, root file systems and packages, what is missing of them
  up                            network, API server, istiod; builds first
  vm NAME IP [--suite trixie] [--mysql any|loopback|off] [--ipv6 ADDRESS]
  pod NAME IP [--namespace NS] [--http PORT]
  host NAME IP                  a machine outside the mesh
  gateway [IP]                  the east-west gateway
  classic                       a cluster of the older generation, cluster DNS, a stand-in Pilot
  reboot VM | power-off VM | remove-vm VM
  ssh VM COMMAND... | in MEMBER PROGRAM... | kubectl ARGS... | istioctl ARGS...    killed after 60 s: exit code 124
  meshx ARGS...
  istiod stop|start
  status | diagnostics
  down                          ends everything; fails when something is left
  purge                         removes the cache`;

const begun = Date.now();
const note = (line: string): void =>
  console.error(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);

type Command = (args: readonly string[]) => Promise<void>;

const options = {
  suite: { type: 'string' },
  mysql: { type: 'string' },
  ipv6: { type: 'string' },
  namespace: { type: 'string' },
  http: { type: 'string' },
} as const;

const commands: Readonly<Record<string, Command>> = {
  packages: async () => await installPackages(note),
  build: async () => note(JSON.stringify(await buildAll(labNames(), note), null, 2)),
  up: async () => void (await Lab.up(note)),
  down: async () => {
    const names = labNames();
    const left = [...(await Lab.down(secondLab(names))), ...(await Lab.down(names))];
    for (const line of left) console.error(`still there: ${line}`);
    if (left.length > 0) process.exitCode = 1;
  },
  purge: async () => await purge(labNames()),
  '--purge': async () => await purge(labNames()),
  vm: async (args) => {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name = 'vm1', ip = '10.150.0.5'] = positionals;
    const mysql = values.mysql as 'any' | 'loopback' | 'off' | undefined;
    const chosen = { ...(mysql ? { mysql } : {}), ...(values.ipv6 ? { ipv6: values.ipv6 } : {}) };
    await (await Lab.attach()).vm(name, ip, { suite: (values.suite ?? 'bookworm') as Suite, ...chosen });
    note(`${name} answers on SSH`);
  },
  pod: async (args) => {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name = 'client', ip = '10.150.0.20'] = positionals;
    const http = values.http ? { http: { port: Number(values.http) } } : {};
    await (await Lab.attach()).pod(name, ip, { ...(values.namespace ? { namespace: values.namespace } : {}), ...http });
    note(`${name} is ready`);
  },
  host: async ([name = 'outside', ip = '10.150.0.40']) => await (await Lab.attach()).host(name, ip),
  gateway: async ([ip]) => await (await Lab.attach()).gateway(ip),
  classic: async () => await (await Lab.attach()).startClassic(),
  reboot: async ([vm = 'vm1']) => await (await Lab.attach()).reboot(vm),
  'power-off': async ([vm = 'vm1']) => await (await Lab.attach()).powerOff(vm),
  'remove-vm': async ([vm = 'vm1']) => await (await Lab.attach()).removeVm(vm),
  istiod: async ([what]) => {
    const lab = await Lab.attach();
    await (what === 'stop' ? lab.stopIstiod() : lab.startIstiod());
  },
  ssh: async ([vm = 'vm1', ...words]) => print(await (await Lab.attach()).ssh(vm, words.join(' '))),
  in: async ([member = 'hub', ...argv]) => print(await (await Lab.attach()).in(member, argv)),
  kubectl: async (args) => print(await (await Lab.attach()).mesh.try(args)),
  istioctl: async (args) => print(await (await Lab.attach()).istioctl(args)),
  meshx: async (args) => await hold(await Lab.attach(), args),
  status: async () => {
    const names = labNames();
    for (const vm of await vmRecords(names)) console.log(`VM ${vm.name} ${vm.ip} ${vm.suite}`);
    for (const line of await leftovers(names)) console.log(line);
  },
  diagnostics: async () => console.log(await diagnostics(labNames())),
};

/** Runs meshx on this terminal, so that it can ask, and without a time limit. */
async function hold(lab: Lab, args: readonly string[]): Promise<void> {
  const [program = '', ...words] = lab.meshxArgv(args);
  const ran = await execa(program, words, { cwd: lab.home, stdio: 'inherit', reject: false });
  process.exitCode = ran.exitCode ?? 1;
}

function print(ran: Ran): void {
  process.stdout.write(ran.stdout);
  process.stderr.write(ran.stderr);
  process.exitCode = ran.exitCode;
}

const [name = 'help', ...args] = process.argv.slice(2);
const command = commands[name];
if (command) await command(args);
else console.log(HELP);
