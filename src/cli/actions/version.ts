import { parseName } from '../../mesh/names.ts';
import type { MeshStatus, VmStatus } from '../../operations/status/mesh-status.ts';
import { withMachines } from '../../operations/status/read-machines.ts';
import { meshStatus, type StatusOptions } from '../../operations/status/status.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { joinAgain } from '../join/again.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatTable } from '../table.ts';

/** `meshx version`. The client's own version is printed even if the cluster cannot be read. */
export async function version(call: Call): Promise<number> {
  const { world, terminal } = call;
  const input = new Input('version', call);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const options: StatusOptions = { cluster: clusterOptions(input), vms: [], ...present({ namespace }) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const machines = { join: joinAgain(input, options), parallel: input.number('parallel', [1, 256]) ?? 8, lines: 0 };
  const [isClient, deep] = [input.flag('client'), input.flag('deep')];
  if (isClient && deep) input.issue('--deep: it reads VMs, and --client reads none');
  input.accept();

  const client = { version: world.version, runtime: `Node.js ${process.version}` };
  if (output === 'text') terminal.out([`client   ${client.version} (${client.runtime})`]);
  if (isClient) {
    if (output !== 'text') terminal.out(formatDocument({ client }, output));
    return EXIT.done;
  }
  const mesh = await meshStatus(world, options);
  const found = deep ? await withMachines(world, mesh, machines) : mesh;
  const vms = found.vms.filter(({ meshx }) => meshx).map(versionsOf);
  const { istiod } = found;
  terminal.out(
    output === 'text' ? textOf(found, vms) : formatDocument({ client, ...present({ istiod }), vms }, output),
  );
  return vms.some(({ problem }) => problem !== undefined) ? EXIT.problem : EXIT.done;
}

type VmVersions = ReturnType<typeof versionsOf>;

function versionsOf({ vm, namespace, machine }: VmStatus) {
  const read = machine && 'found' in machine ? machine.found.versions : undefined;
  const problem = machine && 'problem' in machine ? machine.problem : undefined;
  return { vm, namespace, ...present({ versions: read, problem }) };
}

function textOf({ istiod, cluster }: MeshStatus, vms: readonly VmVersions[]): readonly string[] {
  const head = `istiod   ${istiod ?? 'unknown'} (${cluster})`;
  if (!vms.some(({ versions, problem }) => versions ?? problem)) {
    const names = vms.map(({ vm, namespace }) => `${namespace}/${vm}`).join(', ');
    return [head, `VMs      ${vms.length}${names === '' ? '' : ` (${names}); their versions: meshx version --deep`}`];
  }
  const rows = vms.map(({ vm, namespace, versions, problem }) => [
    ...[namespace, vm, versions?.sidecar ?? '-', versions?.envoy ?? '-', versions?.agent ?? '-'],
    problem?.message ?? '',
  ]);
  return [head, formatTable([['NAMESPACE', 'VM', 'SIDECAR', 'ENVOY', 'AGENT', ''], ...rows])].flatMap((text) =>
    text.split('\n'),
  );
}
