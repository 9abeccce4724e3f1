import { resolve } from 'node:path';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import { parseName } from '../../mesh/names.ts';
import { firstLook, kubeContexts, sshHosts } from '../../operations/first-run.ts';
import { accepts } from '../../problems.ts';
import type { OpenPort } from '../../vm/listeners.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { parseServices } from '../workload-options.ts';
import { type Asking, askText, chooseOne, chooseSeveral } from './choose.ts';
import { suggestedService } from './suggested-service.ts';

/** The call of `up` with what a person answered: VM, context, namespace, services. Options that are given are not asked for. */
export async function askMissing(call: Call, terminal: Asking): Promise<Call> {
  const [vm, ...rest] = await chosenVm(call, terminal);
  const named = { ...call, args: [vm ?? '', ...rest] };
  const placed = await withPlace(named, terminal);
  const input = new Input('up', placed);
  const machine = machineOptions(input);
  input.accept();
  if (input.list('service').length > 0) return placed;
  const { ports, isMember } = await firstLook(call.world, { machine, vm: vm ?? '' });
  const services = await chosenServices(ports, { terminal, isMember });
  return services.length === 0 ? placed : { ...placed, given: { ...placed.given, service: services } };
}

async function chosenVm(call: Call, terminal: Asking): Promise<readonly string[]> {
  const { world } = call;
  const file = new Input('up', call).text('sshConfig');
  const hosts = await sshHosts(world, file === undefined ? undefined : resolve(world.cwd, file));
  const title = hosts.length > 0 ? 'Hosts of your SSH configuration:' : 'Your SSH configuration names no host.';
  const choices = hosts.map((value) => ({ value }));
  const question = 'VM that joins: a number, or user@host';
  return [await chooseOne(terminal, { title, choices, question, accepts: accepts(parseSshName) })];
}

/** Context and namespace, which a kubeconfig suggests. */
async function withPlace(call: Call, terminal: Asking): Promise<Call> {
  const input = new Input('up', call);
  if (input.text('manifests') !== undefined) return call;
  const { cwd, env, home } = call.world;
  const kubeconfig = input.text('kubeconfig');
  const kube = kubeContexts({ env, home, ...(kubeconfig !== undefined && { kubeconfig: resolve(cwd, kubeconfig) }) });
  const context = input.text('context') ?? (await chosenContext(kube, terminal)) ?? kube.current;
  const given = { ...call.given, ...(context !== '' && context !== kube.current && { context }) };
  if (input.text('namespace') !== undefined) return { ...call, given };
  const usual = kube.contexts.find(({ name }) => name === context)?.namespace ?? 'default';
  const question = 'Namespace of the VM and its services';
  const namespace = await askText(terminal, {
    question,
    usual,
    accepts: accepts((text) => parseName(text, 'namespace')),
  });
  return { ...call, given: { ...given, ...(namespace !== usual && { namespace }) } };
}

async function chosenContext(
  { current, contexts }: ReturnType<typeof kubeContexts>,
  terminal: Asking,
): Promise<string | undefined> {
  if (contexts.length < 2) return undefined;
  const choices = contexts.map(({ name, namespace }) => ({
    value: name,
    note: [name === current ? 'the current one' : '', namespace === undefined ? '' : `namespace ${namespace}`]
      .filter((part) => part !== '')
      .join(', '),
  }));
  const usual = current === '' ? {} : { usual: current };
  return chooseOne(terminal, { title: 'Contexts of your kubeconfig:', choices, question: 'Cluster', ...usual });
}

/** Services are only added, so a VM of the mesh may get none. */
async function chosenServices(
  ports: readonly OpenPort[],
  { terminal, isMember }: { readonly terminal: Asking; readonly isMember: boolean },
): Promise<readonly string[]> {
  if (ports.length === 0) {
    terminal.err('No port listens on the VM that a service could have; it joins without a service.');
    return [];
  }
  const choices = ports.map(({ port, program, loopback }) => ({
    value: String(port),
    note: `${program === '' ? 'unknown program' : program}${loopback ? ', on 127.0.0.1 only' : ''}`,
  }));
  const question = `Ports that become services of the mesh, as 1,2 (Enter for ${isMember ? 'no others' : 'none'})`;
  const chosen = await chooseSeveral(terminal, { title: 'Ports that listen on the VM:', choices, question });
  const services: string[] = [];
  for (const open of ports.filter(({ port }) => chosen.includes(String(port)))) {
    const usual = suggestedService(open);
    const form = accepts((text) => parseServices([text]));
    services.push(
      await askText(terminal, { question: `Service of port ${open.port}, NAME:PROTOCOL:PORT`, usual, accepts: form }),
    );
  }
  return services;
}
