import {
  CIDR_OPTION,
  COMMON,
  type CommonName,
  GROUP_OPTIONS,
  ISTIOD_OPTIONS,
  type OptionLine,
  SETUP_OPTIONS,
} from '../options.ts';
import type { CommandSpec } from '../command.ts';

/** An option that a settings file may give. */
export interface SettingKey {
  /** Its camelCase name. */
  readonly name: string;
  /** Its name in a file: the option without dashes, and without the `no-` of a switch that is on by itself. */
  readonly key: string;
  readonly kind: 'text' | 'list' | 'switch';
}

/** Common options that the operator's own file may give. */
const COMMON_KEYS = [
  ...(['kubeconfig', 'context', 'namespace', 'istioNamespace', 'revision', 'project', 'zone'] as const),
  ...(['user', 'port', 'identityFile', 'sshConfig', 'knownHosts', 'hostKeyFingerprint', 'sudoPasswordFile'] as const),
  ...(['stepTimeout', 'confirmWithin', 'drainTimeout'] as const),
] as const satisfies readonly CommonName[];

/** Decisions about one run, which no file gives. */
const OF_ONE_RUN: readonly string[] = ['forget'];

/** The options of a join. Another command may describe an option of the same name in its own way; no file gives that. */
const JOIN_LINES: readonly OptionLine[] = [...SETUP_OPTIONS, ...GROUP_OPTIONS, CIDR_OPTION, ...ISTIOD_OPTIONS];

/**
 * What a project's file may give: what joins and where in the mesh. It comes from others, so it chooses no file, no
 * program, no login, no control plane and nothing that a check or a guard would refuse.
 */
const OF_PROJECTS: readonly string[] = [
  ...['context', 'namespace', 'revision', 'workloadGroup', 'service', 'serviceAccount', 'labels', 'network'],
  ...['locality', 'weight', 'probe', 'captureDns', 'create', 'strictPort', 'parallel'],
];

const PARALLEL: SettingKey = { name: 'parallel', key: 'parallel', kind: 'text' };

/** All settings, in the order of the help. */
export const SETTING_KEYS: readonly SettingKey[] = [
  ...COMMON_KEYS.map((name) => keyOf(COMMON[name])),
  ...JOIN_LINES.map(keyOf).filter(({ name }) => !OF_ONE_RUN.includes(name)),
  PARALLEL,
];

/** Whether a project's file may give it, too. */
export function isOfProjects({ name }: SettingKey): boolean {
  return OF_PROJECTS.includes(name);
}

/** The settings that a command takes: options that it shares with others, in their common meaning. */
export function settingsOf({ common, options }: Pick<CommandSpec, 'common' | 'options'>): readonly SettingKey[] {
  const own = options.filter((line) => !JOIN_LINES.includes(line)).map((line) => keyOf(line).name);
  const shared = options.filter((line) => JOIN_LINES.includes(line)).map((line) => keyOf(line).name);
  const taken = new Set<string>([...common.filter((name) => !own.includes(name)), ...shared]);
  if (own.includes('parallel')) taken.add('parallel');
  return SETTING_KEYS.filter(({ name }) => taken.has(name));
}

function keyOf([flags]: OptionLine): SettingKey {
  const [, negated, key = '', value = ''] = /--(no-)?([a-z0-9-]+)( <.*>)?$/.exec(flags) ?? [];
  const name = key.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
  const kind = value.endsWith('...>') ? 'list' : negated === undefined && value !== '' ? 'text' : 'switch';
  return { name, key, kind };
}
