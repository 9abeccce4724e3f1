import { readdirSync, readFileSync } from 'node:fs';
import { coverage } from './docs/coverage.ts';

const FOLDER = new URL('e2e/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts'));

/** How a file names a namespace. */
const NAMED = [
  /makeStrictNamespace\(lab(?:\(\))?, '([a-z0-9-]+)'/g,
  /kind: 'Namespace', metadata: \{ name: '([a-z0-9-]+)'/g,
  /(?:NAMESPACE|PLACE) = '([a-z0-9-]+)'/g,
  /(?:'-n', |namespace: )'([a-z0-9-]+)'/g,
];
/** Of the cluster itself. */
const CLUSTERS_OWN = ['default', 'istio-system', 'kube-system'];
/** The classic cluster has its own `vm`; those of the bundle and of the examples are in files. */
const ELSEWHERE = ['classic.test.ts', 'bundle.test.ts', 'examples.test.ts'];

/** Those of the pages are in the pages' commands. */
const PAGES = 'documents.test.ts';
const commands = JSON.stringify(coverage.lab).replaceAll(/(?:-n|--namespace) ([a-z0-9-]+)/g, "NAMESPACE = '$1'");

const namespacesOf = (file: string): readonly string[] => {
  const text = file === PAGES ? commands : readFileSync(new URL(file, FOLDER), 'utf8');
  return [...new Set(NAMED.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, name]) => name ?? [])))];
};

// Many files run one after another in one cluster: what one leaves in its namespace, such as a policy, is no fact of another.
test('no two files of the lab use one namespace', () => {
  const users = new Map<string, string[]>();
  for (const file of files.filter((name) => !ELSEWHERE.includes(name)))
    for (const name of namespacesOf(file)) users.set(name, [...(users.get(name) ?? []), file]);
  expect(users.size).toBeGreaterThan(20);
  const shared = [...users].filter(([name, by]) => by.length > 1 && !CLUSTERS_OWN.includes(name));
  expect(shared).toEqual([]);
  expect(users.get('vm')).toEqual([PAGES]);
});
