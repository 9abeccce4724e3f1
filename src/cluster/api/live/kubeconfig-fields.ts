import * as z from 'zod';
import { mapping } from '../../../mesh/unknown.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type Section = 'clusters' | 'users' | 'contexts';

/** A field of one type. Absent and null are the same. */
const holds = (what: string, type: z.ZodType) =>
  z.custom((value) => value === null || type.safeParse(value).success, what).optional();

const text = holds('text', z.string());
const flag = holds('true or false', z.boolean());
const texts = holds('a list of texts', z.array(z.string()));
const textsByName = holds('a mapping of texts', z.record(z.string(), z.string()));
const namedValues = holds(
  'a list of names with their values',
  z.array(z.looseObject({ name: z.string(), value: z.string() })),
);
const anything = z.unknown().optional();
const fields = (shape: z.ZodRawShape) => z.strictObject(shape, 'a mapping').nullish();
const textFields = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, text] as const));

/** The fields of a kubeconfig (client-go's clientcmd/api/v1). meshx uses all but extensions. */
export const SECTIONS: Readonly<Record<Section, { readonly key: string; readonly schema: z.ZodType }>> = {
  clusters: {
    key: 'cluster',
    schema: fields({
      ...textFields('server', 'tls-server-name', 'certificate-authority', 'certificate-authority-data', 'proxy-url'),
      'insecure-skip-tls-verify': flag,
      // meshx never requests compression.
      'disable-compression': flag,
      extensions: anything,
    }),
  },
  users: {
    key: 'user',
    schema: fields({
      ...textFields('client-certificate', 'client-certificate-data', 'client-key', 'client-key-data'),
      ...textFields('token', 'tokenFile', 'username', 'password', 'as', 'as-uid'),
      'as-groups': texts,
      'as-user-extra': anything,
      'auth-provider': fields({ name: text, config: textsByName }),
      exec: fields({
        ...textFields('apiVersion', 'command', 'installHint', 'interactiveMode'),
        args: texts,
        env: namedValues,
        provideClusterInfo: flag,
      }),
      extensions: anything,
    }),
  },
  contexts: { key: 'context', schema: fields({ ...textFields('cluster', 'user', 'namespace'), extensions: anything }) },
};

/** The fields of an entry, paths of those that meshx does not know, and the first one of a wrong type. */
export function entryFields(section: Section, value: unknown) {
  const { key, schema } = SECTIONS[section];
  const { issues = [] } = schema.safeParse(value).error ?? {};
  const wrong = issues.find(({ code }) => code !== 'unrecognized_keys');
  return {
    fields: mapping(value),
    unknown: issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...issue.path, name].join('.')) : [],
    ),
    wrong: wrong && `${String(wrong.path.at(-1) ?? key)} is not ${wrong.message}`,
  };
}
