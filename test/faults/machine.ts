import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seedRatings } from '../e2e/support/ratings.ts';
import { Session } from '../e2e/support/session.ts';
import { makeStrictNamespace } from '../e2e/support/strict.ts';
import { must, run } from '../lab/command.ts';
import { fillMachineDisk, growMachineDisk } from '../lab/full-disk.ts';
import type { Lab } from '../lab/lab.ts';
import { sshArgv } from '../lab/operator.ts';
import { initPid } from '../lab/vm.ts';
import type { Variant } from './cases.ts';
import { Gate } from './gate.ts';
import { servicePort } from './operator.ts';

const DISK_MIB = 900;
/** After a time without a network TCP tries again at intervals of up to two minutes. */
const LIVES_MS = 150_000;

/** What a case's own machine is called, and where. */
export interface Seat {
  readonly vm: string;
  readonly ip: string;
  readonly namespace: string;
  /** A host outside the mesh whose connections must live on. */
  readonly bystander: string;
  readonly bystanderIp: string;
}

/** Seats of workers, from 0. */
export function seatOf(worker: number): Seat {
  const vm = `fault${worker}`;
  const [ip, bystanderIp] = [`10.150.0.${100 + worker}`, `10.150.0.${120 + worker}`];
  return { vm, ip, namespace: `faults-${worker}`, bystander: `by${worker}`, bystanderIp };
}

/** Keeps one HTTP connection; each line on stdin is a request, each answer a line. */
const HTTP_CLIENT = `import http.client, sys
c = http.client.HTTPConnection(sys.argv[1], 8080, timeout=10)
c.auto_open = 0
c.connect()
for line in sys.stdin:
    c.request("GET", "/")
    print(c.getresponse().read().decode() + line.strip(), flush=True)
`;

/** A VM that meets faults: made anew when it is not as before, with connections that must live on. */
export class Machine implements AsyncDisposable {
  readonly seat: Seat;
  readonly gate: Gate;
  readonly #lab: Lab;
  #made: Pick<Variant, 'service' | 'agent'> | undefined;
  #tick: Session | undefined;
  #client: Session | undefined;
  #marks = 0;

  constructor(lab: Lab, seat: Seat) {
    this.#lab = lab;
    this.seat = seat;
    this.gate = new Gate(lab, seat.vm);
  }

  /** The namespace and the bystander; once. */
  async settle(): Promise<void> {
    await makeStrictNamespace(this.#lab, this.seat.namespace);
    await this.#lab.host(this.seat.bystander, this.seat.bystanderIp);
  }

  /** A machine that meshx never met, with its service and connections. One that is `clean` stays. */
  async fresh(variant: Variant, clean: boolean): Promise<void> {
    const { vm, ip } = this.seat;
    this.#close();
    if (!clean || this.#made?.service !== variant.service || this.#made.agent !== variant.agent) {
      await this.#remove();
      const mysql = variant.service === 'mysql' ? 'any' : 'off';
      await this.#lab.vm(vm, ip, { mysql, diskMib: DISK_MIB });
      await this.gate.install();
      if (variant.service === 'mysql') await seedRatings(this.#lab, vm);
      else await this.#serveHttp();
      this.#made = variant;
    }
    if (variant.trap) await this.#lab.mustSsh(vm, trap(servicePort(variant)), { user: 'deploy' });
    await this.#open(variant);
  }

  /** systemd calls the unit started before its program listens. */
  async #serveHttp(): Promise<void> {
    const { vm } = this.seat;
    await this.#lab.mustSsh(vm, 'systemctl enable --now lab-http@8080');
    const answers = async (): Promise<boolean> =>
      (await this.#lab.ssh(vm, 'curl -s -o /dev/null --max-time 2 http://localhost:8080/')).exitCode === 0;
    await this.#lab.waitFor(`the service of ${vm}`, answers);
  }

  /** The owner takes the port out again. */
  async untrap(): Promise<void> {
    await this.#lab.mustSsh(this.seat.vm, `sudo sed -i 's/=22,/=/' ${TRAP_FILE}`, { user: 'deploy' });
  }

  /** A new login of someone, within the limit; gives the milliseconds that it took, undefined when no one gets in. */
  async login(timeoutMs: number): Promise<number | undefined> {
    const began = performance.now();
    const ask = async (): Promise<boolean> => {
      for (const user of ['root', 'deploy'])
        if ((await run(sshArgv(this.#lab.names, `${user}@${this.seat.vm}`, ['true']))).exitCode !== 0) return false;
      return true;
    };
    const let_in = await this.#lab.waitFor('a login', ask, { timeoutMs }).catch(() => false);
    return let_in ? Math.round(performance.now() - began) : undefined;
  }

  /** Whether an agent runs, within the limit. */
  async runsAgent(timeoutMs: number): Promise<boolean> {
    const isActive = async (): Promise<boolean> => {
      const ran = await this.#lab.ssh(this.seat.vm, 'systemctl is-active meshx-agent.service', { user: 'deploy' });
      return ran.stdout.trim() === 'active';
    };
    return await this.#lab.waitFor('the agent', isActive, { timeoutMs }).catch(() => false);
  }

  /** Which of the connections of before do not live any more. */
  async lost(): Promise<readonly string[]> {
    this.#marks += 1;
    const mark = `mark${this.#marks}`;
    const [tick, client] = [this.#tick, this.#client];
    const ticks = tick?.output.length ?? 0;
    client?.send(this.#made?.service === 'mysql' ? `select '${mark}';` : mark);
    const ticking = async (): Promise<boolean> => await Promise.resolve((tick?.output.length ?? 0) > ticks + 20);
    const answering = async (): Promise<boolean> => await Promise.resolve(client?.output.includes(mark) ?? false);
    const lost: string[] = [];
    for (const [name, alive, session] of [
      ['the login that prints', ticking, tick],
      [`the connection to port ${this.#port}`, answering, client],
    ] as const) {
      if (await this.#lab.waitFor(name, alive, { timeoutMs: LIVES_MS }).catch(() => false)) continue;
      lost.push(`${name} (${session?.ended ? `ended: ${lastWords(session)}` : 'silent'})`);
    }
    return lost;
  }

  get #port(): number {
    return servicePort(this.#made ?? { service: 'http' });
  }

  /** `reboot` typed on the machine, without a word to sshd. */
  async reboot(): Promise<void> {
    const pid = await initPid(this.#lab.names, this.seat.vm);
    await must(['kill', '-s', 'RTMIN+5', pid]);
    const another = async (): Promise<boolean> => (await initPid(this.#lab.names, this.seat.vm)) !== pid;
    await this.#lab.waitFor(`${this.seat.vm} to boot again`, another, { timeoutMs: 60_000 });
  }

  /** The power fails and returns. */
  async powerCycle(): Promise<void> {
    await this.#lab.powerLoss(this.seat.vm);
    const record = (await this.#lab.vms()).find(({ name }) => name === this.seat.vm);
    if (!record) throw new Error(`${this.seat.vm} has no record`);
    await this.#lab.powerOn(record);
  }

  /** The network is cut without any signal. */
  async unplug(): Promise<void> {
    await this.#lab.cutCable(this.seat.vm);
  }

  async plug(): Promise<void> {
    await this.#lab.plugCable(this.seat.vm);
  }

  /** All of the sidecar dies at once. */
  async killSidecar(): Promise<void> {
    await this.#lab.ssh(this.seat.vm, 'sudo pkill -KILL -u istio-proxy', { user: 'deploy' });
  }

  /** Leaves no byte on the machine's disk. */
  async fillDisk(): Promise<void> {
    await fillMachineDisk(this.#disk);
  }

  async emptyDisk(): Promise<void> {
    await growMachineDisk(this.#disk, DISK_MIB);
  }

  async #open({ service }: Variant): Promise<void> {
    const { vm, ip, bystander } = this.seat;
    const tick = new Session(sshArgv(this.#lab.names, `deploy@${vm}`, ['while :; do echo tick; sleep 0.02; done']));
    const mysql = ['mysql', '-h', ip, '-u', 'root', '-ppassword', '-N', '-B', '-n', '--protocol=tcp', 'test'];
    const argv = service === 'mysql' ? mysql : ['python3', '-u', '-c', HTTP_CLIENT, ip];
    const client = new Session(this.#lab.inArgv(bystander, argv));
    [this.#tick, this.#client] = [tick, client];
    const lost = await this.lost();
    if (lost.length > 0) throw new Error(`before the fault: no answer from ${lost.join(', ')}: ${client.output}`);
  }

  #close(): void {
    this.#tick?.[Symbol.dispose]();
    this.#client?.[Symbol.dispose]();
  }

  async #remove(): Promise<void> {
    const { vm, namespace } = this.seat;
    const known = await readFile(join(this.#lab.names.run, 'vms', vm, 'vm.json'), 'utf8').catch(() => undefined);
    if (known !== undefined) await this.#lab.removeVm(vm);
    const kinds = 'workloadgroups,workloadentries,serviceentries,sidecars,services,serviceaccounts';
    await this.#lab.kubectl(['-n', namespace, 'delete', kinds, '--all', '--wait=false', '--ignore-not-found']);
  }

  get #disk(): string {
    return join(this.#lab.names.run, 'vms', this.seat.vm);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.#remove();
    await this.#lab.removeMember(this.seat.bystander);
  }
}

const TRAP_FILE = '/var/lib/istio/envoy/sidecar.env';
const trap = (port: number): string =>
  `sudo mkdir -p /var/lib/istio/envoy; echo ISTIO_INBOUND_PORTS=22,${port} | sudo tee ${TRAP_FILE} > /dev/null`;

/** What a session said at last that is no tick. */
function lastWords({ output }: Session): string {
  return output.replaceAll('tick\n', '').trim().slice(-300);
}
