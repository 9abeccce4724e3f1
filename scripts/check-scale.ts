// Measures `meshx check`, or `meshx status`, on a cluster with 10,000 Services and 1,000 VMs in one namespace:
// npx tsx scripts/check-scale.ts [ROUNDS] [check|status]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Workload } from '../src/mesh/workload.ts';
import { aService } from '../test/support/cluster-objects.ts';
import { FakeApiServer } from '../test/support/fake-api-server.ts';
import { aVm, healthyMesh } from '../test/support/healthy-mesh.ts';

const SERVICES = 10_000;
const VMS = 1000;
const COMMAND = process.argv[3] ?? 'check';
const MAIN = new URL('../dist/meshx.js', import.meta.url).pathname;

function workload(index: number): Workload {
  const group = `node${index}`;
  const services = [{ name: `service${index}`, ports: [{ number: 3306, name: 'mysql' }] }];
  return { group, namespace: 'vm', serviceAccount: group, labels: {}, services };
}

const vms = Array.from({ length: VMS }, (_, index) =>
  aVm(workload(index), `10.1.${Math.trunc(index / 250)}.${index % 250}`),
).flat();
const others = Array.from({ length: SERVICES - VMS }, (_, index) => aService(`other${index}`, { namespace: 'vm' }));
await using server = await FakeApiServer.start({ objects: [...healthyMesh(), ...vms, ...others] });
const kubeconfig = server.kubeconfig();

/** The peak of resident memory so far, in MiB. */
async function peak(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

async function measure(): Promise<{ readonly seconds: number; readonly mib: number; readonly last: string }> {
  server.requests.length = 0;
  const start = performance.now();
  const child = spawn(process.execPath, [MAIN, COMMAND, '--kubeconfig', kubeconfig]);
  let printed = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  const ended = once(child, 'close');
  let mib = 0;
  while (child.exitCode === null) {
    mib = Math.max(mib, await peak(child.pid ?? 0));
    await Promise.race([ended, delay(20)]);
  }
  await ended;
  return { seconds: (performance.now() - start) / 1000, mib, last: printed.trim().split('\n').at(-1) ?? '' };
}

for (let round = 0; round < Number(process.argv[2] ?? 3); round += 1) {
  const { seconds, mib, last } = await measure();
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `${seconds.toFixed(2)} s, ${mib.toFixed(0)} MiB, ${server.requests.length} requests, load ${load}: ${last}`,
  );
}
