import { resolve } from 'node:path';
import { isHealthy } from '../../checks/report/report.ts';
import { parseName } from '../../mesh/names.ts';
import { lintManifests } from '../../operations/lint/lint.ts';
import { cliProblems } from '../../problems/cli.ts';
import { formatReport, REPORT_FORMATS } from '../check-report.ts';
import type { Call } from '../command.ts';
import { typedLine } from '../command-line.ts';
import { EXIT } from '../exit-codes.ts';
import { readText } from '../files.ts';
import { Input } from '../input.ts';

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 1000;

/** `meshx lint FILE…` */
export async function lint(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('lint', call);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace')) ?? 'default';
  const clusterDomain = input.parsed('clusterDomain', (text) => parseName(text, 'subdomain')) ?? 'cluster.local';
  const format = input.choice('output', REPORT_FORMATS) ?? 'text';
  if (args.length > MOST_FILES) input.issue(`<file>: ${args.length} files are more than ${MOST_FILES}`);
  input.accept();

  const files = [];
  for (const name of new Set(args)) files.push({ name: name === '-' ? 'stdin' : name, text: await textOf(call, name) });
  const report = lintManifests({ files, namespace, clusterDomain });
  const inShort = typedLine('lint', { given: { ...call.given, output: 'short' } }, ...args);
  const shown = formatReport(report, format, world.version, () => inShort);
  if (shown.length > 0) terminal.out(shown);
  return isHealthy(report) ? EXIT.done : EXIT.checkFailed;
}

async function textOf({ world, terminal }: Call, name: string): Promise<string> {
  if (name !== '-') return await readText(resolve(world.cwd, name), MOST_BYTES);
  const text = (await terminal.readStdin?.()) ?? '';
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw cliProblems.fileNotRead({ path: 'stdin', reason: `it has more than ${MOST_BYTES} bytes` });
}
