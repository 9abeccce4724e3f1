import { list, mapping } from '../../../mesh/unknown.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type Section = 'clusters' | 'users' | 'contexts';

/** What a field holds: a type, or fields of its own. */
type Shape = 'text' | 'flag' | 'texts' | 'any' | 'texts by name' | 'named values' | { readonly [field: string]: Shape };

const TEXT_FIELDS = (names: readonly string[]): Readonly<Record<string, Shape>> =>
  Object.fromEntries(names.map((name) => [name, 'text'] as const));

const EXEC: Shape = {
  ...TEXT_FIELDS(['apiVersion', 'command', 'installHint', 'interactiveMode']),
  args: 'texts',
  env: 'named values',
  provideClusterInfo: 'flag',
};

/** The fields of a kubeconfig (client-go's clientcmd/api/v1). meshx uses all but extensions. */
export const FIELDS: Readonly<
  Record<Section, { readonly key: string; readonly fields: { readonly [field: string]: Shape } }>
> = {
  clusters: {
    key: 'cluster',
    fields: {
      ...TEXT_FIELDS(['server', 'tls-server-name', 'certificate-authority', 'certificate-authority-data', 'proxy-url']),
      'insecure-skip-tls-verify': 'flag',
      // meshx never requests compression.
      'disable-compression': 'flag',
      extensions: 'any',
    },
  },
  users: {
    key: 'user',
    fields: {
      ...TEXT_FIELDS(['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data']),
      ...TEXT_FIELDS(['token', 'tokenFile', 'username', 'password', 'as', 'as-uid']),
      'as-groups': 'texts',
      'as-user-extra': 'any',
      'auth-provider': { name: 'text', config: 'texts by name' },
      exec: EXEC,
      extensions: 'any',
    },
  },
  contexts: { key: 'context', fields: { ...TEXT_FIELDS(['cluster', 'user', 'namespace']), extensions: 'any' } },
};

/** Paths of unknown fields. */
export function unknownFields(fields: Fields, known: { readonly [field: string]: Shape }): readonly string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const shape = known[name];
    if (shape === undefined) return [name];
    return typeof shape === 'object' ? unknownFields(mapping(value), shape).map((below) => `${name}.${below}`) : [];
  });
}

/** The first known field of a wrong type, with the right one. null counts as absent. */
export function wrongField(fields: Fields, known: { readonly [field: string]: Shape }): string | undefined {
  for (const [name, shape] of Object.entries(known)) {
    const value = fields[name] ?? undefined;
    if (value === undefined) continue;
    const is = HOLDS[typeof shape === 'object' ? 'fields' : shape];
    if (!is.test(value)) return `${name} is not ${is.what}`;
    const below = typeof shape === 'object' ? wrongField(mapping(value), shape) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isMapping = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const HOLDS = {
  text: { what: 'text', test: isText },
  flag: { what: 'true or false', test: (value: unknown) => typeof value === 'boolean' },
  texts: { what: 'a list of texts', test: (value: unknown) => Array.isArray(value) && value.every(isText) },
  any: { what: 'anything', test: () => true },
  'texts by name': {
    what: 'a mapping of texts',
    test: (value: unknown) => isMapping(value) && Object.values(mapping(value)).every(isText),
  },
  'named values': {
    what: 'a list of names with their values',
    test: (value: unknown) =>
      Array.isArray(value) &&
      list(value).every((each) => isText(mapping(each)['name']) && isText(mapping(each)['value'])),
  },
  fields: { what: 'a mapping', test: isMapping },
} as const;
