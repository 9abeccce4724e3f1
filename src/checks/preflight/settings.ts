import { isKnownKey } from '../../mesh/sidecar-env.ts';
import { keyIssue, settingIssue } from '../../mesh/sidecar-setting.ts';
import { metadataNote } from '../../mesh/current/proxy-config.ts';
import { visibleJson } from '../../visible.ts';
import type { Facts } from '../../reconcile/facts.ts';
import { textOf } from '../../reconcile/kinds/edit.ts';
import { editEnv, env, type EnvWant } from '../../reconcile/kinds/env.ts';
import { plainForms } from '../../reconcile/kinds/env-forms.ts';
import { readEnvironmentFile } from '../../reconcile/kinds/environment-file.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Check, Result, Seen } from '../check.ts';
import { judgeAll } from '../judge.ts';

/** The settings of a sidecar. */
interface SettingFacts {
  readonly vm: string;
  /** Each sidecar.env of the VM, with what meshx will set in it. */
  readonly files: readonly SettingsFile[];
  /** Keys of the mesh's proxyMetadata that meshx leaves out. */
  readonly refused: readonly string[];
}

interface SettingsFile {
  readonly want: EnvWant;
  /** The text on the VM. */
  readonly original: string;
}

const CHECKS: readonly Check<SettingFacts>[] = [
  {
    id: 'proxy-metadata-refused',
    category: 'sidecar',
    title: "the mesh's proxyMetadata reaches the sidecar",
    severity: 'note',
    needs: ['refused'],
    judge: ({ refused }) => {
      const note = metadataNote(refused);
      return note === undefined ? [] : [{ ok: false, detail: `${note}.` }];
    },
  },
  {
    id: 'sidecar-env-form',
    category: 'sidecar',
    title: 'sidecar.env has no shell syntax',
    severity: 'error',
    needs: ['vm', 'files'],
    judge: ({ vm, files }) => files.flatMap((file) => forms(vm, file)),
  },
  {
    id: 'sidecar-env-setting',
    category: 'sidecar',
    title: 'capture starts with the settings in sidecar.env',
    severity: 'error',
    needs: ['vm', 'files'],
    judge: ({ vm, files }) => files.flatMap((file) => stopping(vm, file)),
  },
  {
    id: 'sidecar-env-dead',
    category: 'sidecar',
    title: 'each setting in sidecar.env has an effect',
    severity: 'note',
    needs: ['files'],
    judge: ({ files }) => files.flatMap(dead),
  },
];

/** The settings to judge, and the steps that will change them. */
export interface SettingsQuestion {
  readonly vm: string;
  readonly steps: readonly Step[];
  readonly facts: Facts;
  readonly refused?: readonly string[];
}

/**
 * Finds lines in a VM's sidecar.env that meshx's units will not read as intended: shell syntax without an equivalent, settings with
 * which capture would not start (both stop a run), and settings without effect. Shows no values. Pure.
 */
export function judgeSettings({ vm, steps, facts, refused = [] }: SettingsQuestion): readonly Result[] {
  const wants = steps.flatMap((step) => step.wants).filter((want) => want.kind === 'env');
  const files = wants.flatMap((want) => {
    const answer = facts.get(env.id(want));
    return answer ? [{ want, original: textOf(answer, want.path) }] : [];
  });
  return judgeAll(CHECKS, { vm, files, refused });
}

function forms(vm: string, { want, original }: SettingsFile): readonly Seen[] {
  const replaced = replacedKeys(want);
  return plainForms(original)
    .issues.filter(({ key }) => key === undefined || !replaced.has(key))
    .map(({ line, key, reason }) => ({
      ok: false,
      detail: `${place(want, line)}: ${key ?? 'not read'}: ${reason}.`,
      hint: key === undefined ? 'Remove the line.' : `Set its value: meshx configure ${vm} --set ${key}=VALUE`,
    }));
}

function stopping(vm: string, file: SettingsFile): readonly Seen[] {
  return settings(file).flatMap(({ key, value, line }) => {
    const issue = settingIssue(key, value);
    if (!issue?.stops) return [];
    const remove = `Remove it: meshx configure ${vm} --unset ${key}`;
    const hint = isPlain(key) ? remove : 'Remove the line.';
    return [{ ok: false, detail: `${place(file.want, line)}: ${nameOf(key)}: ${issue.reason}.`, hint }];
  });
}

function dead(file: SettingsFile): readonly Seen[] {
  return settings(file).flatMap(({ key, value, line }) => {
    const issue = settingIssue(key, value);
    // Other variables (a proxy, the Go runtime) still reach the agent.
    const misspelt = issue === undefined && !isKnownKey(key) && key.includes('ISTIO') ? keyIssue(key) : undefined;
    const reason = issue?.reason ?? misspelt;
    if (reason === undefined || issue?.stops) return [];
    return [{ ok: false, detail: `${place(file.want, line)}: ${nameOf(key)} has no effect: ${reason}.` }];
  });
}

interface Setting {
  readonly key: string;
  readonly value: string;
  readonly line: number | undefined;
}

/** The readable settings that the file will hold. */
function settings({ want, original }: SettingsFile): readonly Setting[] {
  const replaced = replacedKeys(want);
  const unread = new Set(plainForms(original).issues.flatMap(({ key }) => key ?? []));
  return [...new Map(readEnvironmentFile(editEnv(original, want)))]
    .filter(([key]) => !unread.has(key) || replaced.has(key))
    .map(([key, value]) => ({ key, value, line: lineOf(original, key) }));
}

function replacedKeys({ set, remove = [] }: EnvWant): ReadonlySet<string> {
  return new Set([...Object.keys(set), ...remove]);
}

function place({ path }: EnvWant, line: number | undefined): string {
  return `${path}${line === undefined ? '' : ` line ${line}`}`;
}

function nameOf(key: string): string {
  return isPlain(key) ? key : visibleJson(key);
}

function isPlain(key: string): boolean {
  return /^\w+$/.test(key);
}

/** Number of the last line that sets a key; undefined if only meshx sets it. */
function lineOf(text: string, key: string): number | undefined {
  const lines = text.split(/\r\n?|\n/);
  const at = lines.findLastIndex((line) =>
    new RegExp(`^\\s*(?:export\\s+)?${key.replace(/\W/g, '\\$&')}\\s*=`).test(line),
  );
  return at < 0 ? undefined : at + 1;
}
