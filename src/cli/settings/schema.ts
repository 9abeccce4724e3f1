import * as z from 'zod';
import { isOfProjects, SETTING_KEYS, type SettingKey } from './keys.ts';
import type { Owner, SettingValue } from './setting.ts';

/** Settings by their names in a file. */
type Values = Readonly<Record<string, SettingValue>>;

/** The parts of a settings file. The parts of a context, namespace or host win over what is common to all. */
export interface SettingsDocument {
  readonly common: Values;
  readonly contexts: Readonly<Record<string, Values>>;
  readonly namespaces: Readonly<Record<string, Values>>;
  /** By patterns as in ssh_config. The first that matches wins. */
  readonly hosts: Readonly<Record<string, Values>>;
}

export const PARTS = ['contexts', 'namespaces', 'hosts'] as const;
type Part = (typeof PARTS)[number];

/** What a part cannot give, because it is chosen by it, or for it. */
const NOT_IN: Readonly<Record<Part | 'common', readonly string[]>> = {
  common: ['hostKeyFingerprint', 'vmAddress'],
  contexts: ['kubeconfig', 'context', 'hostKeyFingerprint', 'vmAddress'],
  namespaces: ['kubeconfig', 'context', 'namespace', 'hostKeyFingerprint', 'vmAddress'],
  hosts: ['kubeconfig', 'context'],
};

const MOST = 4096;
const text = z
  .union([z.string(), z.int()], 'a text or a whole number')
  .transform(String)
  .refine((value) => value.length <= MOST && !/\p{C}/u.test(value), 'too long, or it has control characters');
const VALUE: Readonly<Record<SettingKey['kind'], z.ZodType<SettingValue>>> = {
  text,
  list: z.union([text.transform((one) => [one]), z.array(text).max(256)], 'a text, or a list of texts'),
  switch: z.boolean('true or false'),
};

/** The schema of a file. Settings that only another owner or part may give are refused with the reason. */
export function settingsSchema(owner: Owner): z.ZodType<SettingsDocument> {
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, z.record(z.string(), section(owner, part)).default({})] as const),
  );
  return z
    .strictObject({ ...fields(owner, 'common'), ...parts })
    .transform(({ contexts, namespaces, hosts, ...common }) => {
      // as: the fields of a part are known only when the schema is made.
      return { common, contexts, namespaces, hosts } as unknown as SettingsDocument;
    })
    .prefault({});
}

function section(owner: Owner, part: Part) {
  return z.strictObject(fields(owner, part));
}

function fields(owner: Owner, part: Part | 'common') {
  return Object.fromEntries(SETTING_KEYS.map((key) => [key.key, fieldOf(key, owner, part)] as const));
}

function fieldOf(key: SettingKey, owner: Owner, part: Part | 'common'): z.ZodType<SettingValue | undefined> {
  if (owner === 'project' && !isOfProjects(key))
    return z.never("a project's file cannot set it; give it as an option, or in your own config.yaml").optional();
  if (NOT_IN[part].includes(key.name)) return z.never(`it cannot be set ${PLACES[part]}`).optional();
  return VALUE[key.kind].optional();
}

const PLACES: Readonly<Record<Part | 'common', string>> = {
  common: 'for all VMs, only under hosts',
  contexts: 'for a context',
  namespaces: 'for a namespace',
  hosts: 'for a host',
};
