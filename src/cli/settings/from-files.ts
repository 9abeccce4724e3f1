import { resolve } from 'node:path';
import { readContexts } from '../../cluster/api/live/contexts.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import { toShell } from '../../shell-words.ts';
import type { Call, CommandSpec } from '../command.ts';
import { flagOf, Input } from '../input.ts';
import { type About, chooseSettings } from './choose.ts';
import type { FoundFile } from './files.ts';
import { settingsOf } from './keys.ts';
import { readSettings, type SettingsFile } from './read.ts';
import type { Setting, Settings } from './setting.ts';

/**
 * What the files give for a call. Notes what a project's file gives, as it may come from others. Throws `settings-invalid`,
 * `settings-refused`, `settings-differ`.
 */
export function settingsFrom(found: readonly FoundFile[], spec: CommandSpec, call: Call): Settings {
  const files = readSettings(found);
  const hosts = namesVms(spec) ? call.args.map((vm) => parseSshName(vm).host) : [];
  const settings = chooseSettings(files, settingsOf(spec), aboutOf(files, spec, { ...call, hosts }));
  noteProject(call, files, settings);
  return settings;
}

function namesVms({ args }: CommandSpec): boolean {
  return /^[<[]vm/.test(args[0]?.[0] ?? '');
}

/** Context and namespace come from flags, variables and files, else from the kubeconfig. That is read only if a part needs it. */
function aboutOf(
  files: readonly SettingsFile[],
  spec: CommandSpec,
  { hosts, ...call }: Call & { readonly hosts: readonly string[] },
): About {
  const keys = settingsOf(spec).filter(({ name }) => ['kubeconfig', 'context', 'namespace'].includes(name));
  const given = (about: About) => {
    const input = new Input(spec.name, { ...call, settings: chooseSettings(files, keys, about) });
    return (name: string) => input.text(name);
  };
  const text = given({ context: undefined, namespace: undefined, hosts });
  const hasParts = files.some(
    ({ settings: { contexts, namespaces } }) => Object.keys({ ...contexts, ...namespaces }).length > 0,
  );
  if (!hasParts || text('manifests') !== undefined) return { context: undefined, namespace: text('namespace'), hosts };
  const { cwd, env, home } = call.world;
  const kubeconfig = text('kubeconfig');
  const kube = readContexts({ env, home, ...(kubeconfig !== undefined && { kubeconfig: resolve(cwd, kubeconfig) }) });
  const context = text('context') ?? kube.current;
  const ofContext = kube.contexts.find(({ name }) => name === context)?.namespace;
  return { context, namespace: given({ context, namespace: undefined, hosts })('namespace') ?? ofContext, hosts };
}

function noteProject({ world }: Call, files: readonly SettingsFile[], settings: Settings): void {
  const path = files.find(({ owner }) => owner === 'project')?.path;
  const words = [...settings].flatMap(([name, setting]) => (setting.owner === 'project' ? wordsOf(name, setting) : []));
  if (words.length > 0) world.note(`${path} sets ${toShell(words)}`);
}

/** As an option is typed. */
function wordsOf(name: string, { value }: Setting): readonly string[] {
  if (typeof value === 'boolean') return [value ? flagOf(name) : flagOf(name).replace('--', '--no-')];
  return [value].flat().flatMap((each) => [flagOf(name), each]);
}
