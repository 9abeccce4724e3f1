// Measures `meshx fleet plan` for 200 VMs that need nothing: npx tsx scripts/fleet-scale.ts [ROUNDS] [HOSTS] [FORKS]
// It needs root and the lab (MESHX_LAB). One VM of the lab joins; then an SSH server with its answers stands for all hosts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Lab } from '../test/lab/lab.ts';

const [rounds, hosts, forks] = [2, 3, 4].map((at, index) => Number(process.argv[at] ?? [3, 200, 10][index]));
const [VM, NAMESPACE] = ['scaled', 'scale'];
const note = (line: string): void => console.error(line);

const lab = await Lab.up(note);
try {
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  await lab.vm(VM, '10.150.0.179', { mysql: 'off' });
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  await writeFile(join(lab.home, 'fleet.yaml'), fleetOf(VM, []));
  const joined = await lab.meshx(['fleet', 'apply']);
  if (joined.exitCode !== 0) throw new Error(joined.stderr + joined.stdout);
  const replay = spawn(
    lab.inArgv('hub', [])[0] ?? '',
    [
      ...lab.inArgv('hub', []).slice(1),
      ...[process.execPath, '--import', 'tsx', new URL('replay-vm.ts', import.meta.url).pathname],
      ...[join(lab.home, '.ssh/config'), VM],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [port] = (await once(createInterface(replay.stdout), 'line')) as [string];
    const login = [`port: ${port}`, 'user: root', 'ssh-config: scaled_config', 'known-hosts: scaled_hosts'];
    await writeFile(
      join(lab.home, 'scaled_config'),
      `Host h*\n  HostName 127.0.0.1\n  IdentityFile ${lab.home}/.ssh/id_ed25519\n`,
    );
    await writeFile(join(lab.home, 'fleet.yaml'), fleetOf(`h[001:${hosts}]`, login));
    for (let round = 0; round < (rounds ?? 3); round += 1) console.log(await measured());
  } finally {
    replay.kill();
  }
} finally {
  await Lab.down();
}

function fleetOf(names: string, login: readonly string[]): string {
  const options = [
    `namespace: ${NAMESPACE}`,
    `workload-group: ${VM}`,
    `package: ${lab.deb}`,
    'istiod-address: 10.150.0.1',
  ];
  return `fleet: ${login.length === 0 ? 'one' : 'many'}
options: {${[...options, 'accept-risk: outside-client-hangs', ...login].join(', ')}}
groups:
  web: {services: ['web:http:8080'], hosts: ["${names}"]}
`;
}

/** One plan: its time, the peak of its resident memory, and its last lines. */
async function measured(): Promise<string> {
  const [program = '', ...args] = lab.meshxArgv(['fleet', 'plan', '--forks', String(forks), '--accept-new-host-key']);
  const start = performance.now();
  const child = spawn(program, args, { cwd: lab.home });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (printed += String(part)));
  const ended = once(child, 'close');
  let mib = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8').catch(() => '');
    mib = Math.max(mib, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
    await Promise.race([ended, delay(20)]);
  }
  const seconds = (performance.now() - start) / 1000;
  const line = printed.trim().split('\n').slice(-2).join(' | ');
  return `${seconds.toFixed(2)} s, ${mib.toFixed(0)} MiB, load ${loadavg()[0]?.toFixed(1)}: ${line}`;
}
