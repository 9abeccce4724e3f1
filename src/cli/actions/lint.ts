import { isHealthy } from '../../checks/report/report.ts';
import { parseName } from '../../mesh/names.ts';
import { lintManifests } from '../../operations/lint/lint.ts';
import { formatReport, REPORT_FORMATS } from '../check-report.ts';
import type { Call } from '../command.ts';
import { typedLine } from '../command-line.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { readManifestFiles } from '../manifest-files.ts';

/** `meshx lint FILE…`: files, and folders of them. */
export async function lint(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('lint', call);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace')) ?? 'default';
  const clusterDomain = input.parsed('clusterDomain', (text) => parseName(text, 'subdomain')) ?? 'cluster.local';
  const format = input.choice('output', REPORT_FORMATS) ?? 'text';
  input.accept();

  const files = await readManifestFiles({ cwd: world.cwd, readStdin: terminal.readStdin }, args);
  const report = lintManifests({ files, namespace, clusterDomain });
  const inShort = typedLine('lint', { given: { ...call.given, output: 'short' } }, ...args);
  const shown = formatReport(report, format, world.version, () => inShort);
  if (shown.length > 0) terminal.out(shown);
  return isHealthy(report) ? EXIT.done : EXIT.checkFailed;
}
