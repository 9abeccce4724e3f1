// The commands' actions are loaded one by one from src/, and as two files from the bundle: what they share would be forty small
// files otherwise, and each file of a program costs Node about a millisecond, whatever is in it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ACTIONS = fileURLToPath(new URL('../src/cli/actions', import.meta.url));

/** Actions that need a cluster and no machine; they do not wait for the code of the others. */
const CLUSTER = ['deregister', 'expose', 'generate-cluster-env', 'generate-dnsmasq', 'register'];

/** A shell waits for it at each start, and it needs nothing of the others. */
const ALONE = ['completion'];

/** esbuild plugin: a dynamic import of an action becomes one of its group, which gives the same functions. */
export const groupActions = {
  name: 'group-actions',
  setup(build) {
    build.onResolve({ filter: /^\.\.\/actions\/[a-z-]+\.ts$/ }, ({ kind, path }) => {
      const name = path.slice('../actions/'.length, -'.ts'.length);
      if (kind !== 'dynamic-import' || ALONE.includes(name)) return undefined;
      return { path: CLUSTER.includes(name) ? 'cluster-actions' : 'vm-actions', namespace: 'action-group' };
    });
    build.onLoad({ filter: /.*/, namespace: 'action-group' }, ({ path }) => {
      const files = readdirSync(ACTIONS).map((file) => file.slice(0, -'.ts'.length));
      const names = files.filter((name) => !ALONE.includes(name));
      const inGroup = names.filter((name) => CLUSTER.includes(name) === (path === 'cluster-actions'));
      return { contents: inGroup.map(exported).join('\n'), resolveDir: ACTIONS };
    });
  },
};

/** The functions that take a call. */
function exported(name) {
  const text = readFileSync(`${ACTIONS}/${name}.ts`, 'utf8');
  const actions = [...text.matchAll(/^export (?:async )?function (\w+)\(call\b/gm)].map((found) => found[1]);
  return `export { ${actions.join(', ')} } from './${name}.ts';`;
}
