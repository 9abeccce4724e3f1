import { CATEGORIES } from '../../checks/check.ts';
import { MESH_CHECKS, NAMESPACE_CHECKS } from '../../checks/mesh/mesh-checks.ts';
import { PREFLIGHT_CHECKS } from '../../checks/preflight.ts';
import { type CheckReport, isHealthy } from '../../checks/report/report.ts';
import { LOGIN_CHECK, VM_CHECKS } from '../../checks/vm/vm-checks.ts';
import { MESH_RISKS } from '../../checks/risk.ts';
import type { Caller } from '../../cluster/picture/picture.ts';
import { parseName } from '../../mesh/names.ts';
import { checkMesh } from '../../operations/check/check.ts';
import { JOIN_RISKS } from '../../operations/join/options.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import type { Terminal } from '../../terminal.ts';
import { checkAndFix } from '../check/fix.ts';
import { formatReport, REPORT_FORMATS } from '../check-report.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flagOf, Input } from '../input.ts';
import { kubectlWords } from '../kubectl-words.ts';
import { machineOptions } from '../machine-options.ts';
import { acceptedRisks } from '../risks.ts';
import { withSecretsOnce } from '../secrets-once.ts';
import { parseServices } from '../workload-options.ts';

/** `meshx check [VM…]` */
export async function check(typed: Call): Promise<number> {
  const fixes = new Input('check', typed).flag('fix');
  const call = fixes ? withSecretsOnce(typed) : typed;
  const input = new Input('check', call);
  const cluster = clusterOptions(input);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const caller = input.parsed('from', parseCaller);
  const only = onlyChecks(input);
  const accepted = acceptedRisks(input, [...MESH_RISKS, ...JOIN_RISKS]);
  const machine = machineOptions(input);
  const clusterOnly = input.flag('clusterOnly');
  const before = input.flag('pre');
  if (before && (call.args.length === 0 || clusterOnly)) input.issue('--pre: name the VMs that will join');
  const services = input.attempt('--service', () => parseServices(input.list('service'))) ?? [];
  if (services.length > 0 && !before)
    input.issue('--service: it belongs to --pre; the services of a VM that has joined are known');
  refuseFix(input, fixes);
  const format = input.choice('output', REPORT_FORMATS) ?? 'text';
  input.accept();

  const kubectlOptions = kubectlWords(cluster);
  const asked = clusterOnly || call.args.length === 0 ? undefined : machine;
  const options = {
    ...{ cluster, vms: call.args, only, accepted, kubectlOptions, before, services },
    ...present({ namespace, caller, machine: asked }),
  };
  const print = (report: CheckReport): number => printReport(call, report, format);
  if (!fixes) return print(await checkMesh(call.world, options));
  const [dryRun, yes] = [input.flag('dryRun'), input.flag('yes')];
  return await checkAndFix(call, { options, isText: format === 'text', dryRun, yes, print });
}

/** Returns the exit code that the report means. */
function printReport({ terminal, world }: Call, found: CheckReport, format: (typeof REPORT_FORMATS)[number]): number {
  const report = completed(terminal, found);
  const lines = formatReport(report, format, world.version);
  // The text names commands besides those of hints.
  const text = typeof lines === 'string' ? lines : lines.map((line) => terminal.complete?.(line) ?? line);
  if (text.length > 0) terminal.out(text);
  return isHealthy(report) ? EXIT.done : EXIT.checkFailed;
}

/** A repair is of the named VMs, over SSH. */
function refuseFix(input: Input, fixes: boolean): void {
  const { args, given } = input.call;
  const others = (['dryRun', 'yes'] as const).filter((name) => given[name] !== undefined && !fixes);
  for (const name of others) input.issue(`${flagOf(name)}: it belongs to --fix; without it, nothing is changed`);
  if (!fixes) return;
  if (args.length === 0) input.issue('--fix: name the VMs that may be repaired');
  if (input.flag('clusterOnly')) input.issue('--fix: with --cluster-only no VM is asked, so none is repaired');
  if (input.flag('pre')) input.issue('--fix: with --pre the VMs have not joined; they join with: meshx up');
  if (input.text('manifests') !== undefined) input.issue('--fix: a folder of manifests has no VMs');
}

/** Commands of meshx in hints repeat the given connection options. */
function completed({ complete }: Terminal, report: CheckReport): CheckReport {
  if (!complete) return report;
  const results = report.results.map((result) =>
    result.hint === undefined ? result : { ...result, hint: complete(result.hint) },
  );
  return { ...report, results };
}

function onlyChecks(input: Input): readonly string[] {
  const ids = [...MESH_CHECKS, ...NAMESPACE_CHECKS, LOGIN_CHECK, ...VM_CHECKS, ...PREFLIGHT_CHECKS].map(({ id }) => id);
  const only = input.list('only');
  for (const word of only.filter((each) => !ids.includes(each) && !CATEGORIES.some((category) => category === each)))
    input.issue(`--only: ${shown(word)} is no category (${CATEGORIES.join(', ')}) and no id of a check`);
  return only;
}

/** `web/frontend`. Throws `bad-name`. */
function parseCaller(text: string): Caller {
  const [namespace = '', account = 'default', ...more] = text.split('/');
  return {
    namespace: parseName(namespace, 'namespace'),
    account: parseName([account, ...more].join('/'), 'serviceAccount'),
  };
}
