import { isKnownKey } from '../mesh/sidecar-env.ts';
import { keyIssue, settingIssue } from '../mesh/sidecar-setting.ts';
import { visibleJson } from '../visible.ts';
import type { Facts } from '../reconcile/facts.ts';
import { textOf } from '../reconcile/kinds/edit.ts';
import { editEnv, env, type EnvWant } from '../reconcile/kinds/env.ts';
import { plainForms } from '../reconcile/kinds/env-forms.ts';
import { readEnvironmentFile } from '../reconcile/kinds/environment-file.ts';
import type { Step } from '../reconcile/resource.ts';
import type { Finding } from './finding.ts';

/**
 * What meshx's units will not read in the sidecar.env of a VM as its writer meant it, by line: forms of the shell that cannot be
 * said otherwise, settings with which capture would not start (both stop a run), and settings without effect. Values are not
 * shown. Pure.
 */
export function sidecarEnvFindings(vm: string, steps: readonly Step[], facts: Facts): readonly Finding[] {
  const wants = steps.flatMap((step) => step.wants).filter((want) => want.kind === 'env');
  return wants.flatMap((want) => {
    const answer = facts.get(env.id(want));
    return answer ? findingsOf(vm, want, textOf(answer, want.path)) : [];
  });
}

function findingsOf(vm: string, want: EnvWant, original: string): readonly Finding[] {
  const { issues } = plainForms(original);
  const replaced = new Set([...Object.keys(want.set), ...(want.remove ?? [])]);
  const place = (line: number | undefined): string => `${want.path}${line === undefined ? '' : ` line ${line}`}`;
  const forms = issues
    .filter(({ key }) => key === undefined || !replaced.has(key))
    .map(({ line, key, reason }): Finding => {
      const hint =
        key === undefined ? 'Take the line out.' : `Write its value: meshx configure ${vm} --set ${key}=VALUE`;
      return {
        id: 'sidecar-env-form',
        severity: 'error',
        message: `${place(line)}: ${key ?? 'not read'}: ${reason}.`,
        hint,
      };
    });
  const unread = new Set(issues.flatMap(({ key }) => key ?? []));
  const settings = new Map(readEnvironmentFile(editEnv(original, want)));
  const values = [...settings].flatMap(([key, value]) =>
    unread.has(key) && !replaced.has(key) ? [] : settingFinding(vm, { key, value }, place(lineOf(original, key))),
  );
  return [...forms, ...values];
}

function settingFinding(
  vm: string,
  { key, value }: { readonly key: string; readonly value: string },
  place: string,
): readonly Finding[] {
  const issue = settingIssue(key, value);
  // A variable of the machine's own (a proxy, the Go runtime) still reaches the agent.
  const misspelt = issue === undefined && !isKnownKey(key) && key.includes('ISTIO') ? keyIssue(key) : undefined;
  const reason = issue?.reason ?? misspelt;
  if (reason === undefined) return [];
  const name = /^\w+$/.test(key) ? key : visibleJson(key);
  const remove = /^\w+$/.test(key) ? `Take it out: meshx configure ${vm} --unset ${key}` : 'Take the line out.';
  if (issue?.stops)
    return [{ id: 'sidecar-env-setting', severity: 'error', message: `${place}: ${name}: ${reason}.`, hint: remove }];
  return [
    { id: 'sidecar-env-dead', severity: 'note', message: `${place}: ${name} has no effect: ${reason}.`, hint: '' },
  ];
}

/** The last line that sets a key, as written; undefined when only meshx sets it. */
function lineOf(text: string, key: string): number | undefined {
  const lines = text.split(/\r\n?|\n/);
  const at = lines.findLastIndex((line) =>
    new RegExp(`^\\s*(?:export\\s+)?${key.replace(/\W/g, '\\$&')}\\s*=`).test(line),
  );
  return at < 0 ? undefined : at + 1;
}
