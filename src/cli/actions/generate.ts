import { resolve } from 'node:path';
import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import type { VmFile } from '../../mesh/vm-file.ts';
import { generateCerts as certsOf } from '../../operations/generate/certs.ts';
import { generateClusterEnv as filesOf } from '../../operations/generate/cluster-env.ts';
import { generateKubedns } from '../../operations/generate/kubedns.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { formatDocument } from '../print.ts';
import { workloadOptions } from '../workload-options.ts';

/** Formats of the generators; `-` prints the files themselves. */
const GENERATOR_FORMATS = ['text', 'json', 'yaml', '-'] as const;

/** `meshx generate-cluster-env [CLUSTER]` */
export async function generateClusterEnv(call: Call): Promise<void> {
  const input = new Input('generate-cluster-env', call);
  const options = {
    ...{ cluster: clusterOptions(input), workload: workloadOptions(input) },
    ...{ provided: call.args[0] ?? input.text('cluster'), token: input.flag('token') },
  };
  acceptGenerator(input);
  const files = await filesOf(call.world, options);
  await deliver(
    input,
    files.map((file) => ({ ...file, install: installCommand(file) })),
  );
}

/** `meshx generate-dnsmasq` */
export async function generateDnsmasq(call: Call): Promise<void> {
  const input = new Input('generate-dnsmasq', call);
  const cluster = clusterOptions(input);
  const dnsAddress = input.parsed('dnsAddress', parseIp);
  acceptGenerator(input);
  const file = await generateKubedns(call.world, cluster, dnsAddress);
  const install = `sudo install -m ${file.mode} ${file.name} ${file.place} && sudo systemctl restart dnsmasq`;
  await deliver(input, [{ ...file, install }]);
}

/** `meshx generate-certs [ACCOUNT] [NAMESPACE]` */
export async function generateCerts(call: Call): Promise<void> {
  const input = new Input('generate-certs', call);
  const [account = 'default', place] = call.args;
  const options = {
    cluster: clusterOptions(input),
    serviceAccount: input.attempt('[account]', () => parseName(account, 'serviceAccount')) ?? '',
    namespace:
      place === undefined
        ? input.parsed('namespace', (text) => parseName(text, 'namespace'))
        : input.attempt('[namespace]', () => parseName(place, 'namespace')),
  };
  acceptGenerator(input);
  const files = await certsOf(call.world, options);
  // A key is written to files for its owner alone, and never printed, whatever MESHX_OUTPUT says.
  await writeGenerated(
    input,
    files.map((file) => ({ ...file, install: installCommand(file) })),
  );
}

function acceptGenerator(input: Input): void {
  input.choice('output', GENERATOR_FORMATS);
  input.accept();
  refuseForeignVariables(input.call.world.env);
}

/** A generated file, and the command that puts it in its place on the VM. */
interface GeneratedFile extends VmFile {
  readonly install: string;
}

/** The command for the VM. */
function installCommand({ name, place, owner, mode, added }: VmFile): string {
  if (added) return `sudo sh -c "cat ${name} >> ${place}"`;
  return `sudo install -D -o ${owner} -m ${mode} ${name} ${place}`;
}

/**
 * Writes the files, or prints them with --print and `-o -`. Names the place and the install command of each. Several
 * printed files get a line with their name.
 */
async function deliver(input: Input, files: readonly GeneratedFile[]): Promise<void> {
  const { out } = input.call.terminal;
  const format = input.text('output');
  if (format === 'json' || format === 'yaml') {
    out(
      formatDocument(
        { files: files.map(({ name, text, place, install }) => ({ name, place, install, text })) },
        format,
      ),
    );
    return;
  }
  if (input.flag('print') || format === '-') {
    for (const { name, text } of files) out(files.length > 1 ? `# ${name}\n${text}` : text);
    return;
  }
  await writeGenerated(input, files);
}

async function writeGenerated(input: Input, files: readonly GeneratedFile[]): Promise<void> {
  const { world, terminal } = input.call;
  const made = files.map(({ name, text, mode }) => ({ name, text, mode: Number.parseInt(mode, 8) }));
  const written = await writeFiles(resolve(world.cwd, input.text('out') ?? '.'), made);
  for (const [index, { name, place, install }] of files.entries()) {
    const said = written[index]?.state === 'unchanged' ? 'is up to date' : 'was generated';
    terminal.err(`${name} ${said}; on each VM it belongs to ${place}`);
    terminal.err(`  ${install}`);
  }
}
