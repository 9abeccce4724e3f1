// @google-cloud/compute carries 11.7 MB of protocol descriptions and reads all of them at its first call: 0.7 s. Only the
// messages that meshx's calls reach go into the bundle. A call that is missing here fails at once, in the Compute tests
// of the bundle, not silently.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = ['google', 'cloud', 'compute', 'v1'];
const CALLS = {
  Instances: ['Get', 'AggregatedList', 'GetGuestAttributes'],
  ForwardingRules: ['AggregatedList'],
  InstanceGroups: ['ListInstances'],
};

/** The package's entry loads ninety clients; each client is a module of its own. */
const entry = Object.keys(CALLS)
  .map((service) => {
    const module = service.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
    return `export { ${service}Client } from '@google-cloud/compute/build/src/v1/${module}_client.js';\n`;
  })
  .join('');

/** esbuild plugin: replaces compute's entry and its protos.json by what CALLS reach. */
export const trimCompute = {
  name: 'trim-compute',
  setup(build) {
    build.onResolve({ filter: /^@google-cloud\/compute$/ }, ({ path }) => ({ path, namespace: 'compute-entry' }));
    build.onLoad({ filter: /.*/, namespace: 'compute-entry' }, () => ({
      contents: entry,
      resolveDir: dirname(fileURLToPath(import.meta.url)),
    }));
    build.onLoad({ filter: /compute[\\/]build[\\/]protos[\\/]protos\.json$/ }, ({ path }) => ({
      contents: JSON.stringify(trimmed(JSON.parse(readFileSync(path, 'utf8')))),
      loader: 'json',
    }));
  },
};

/** The description with only the services, methods and messages that CALLS reach; other packages stay as they are. */
export function trimmed(root, calls = CALLS) {
  const at = (path) => path.reduce((node, part) => node?.nested?.[part], root);
  const services = at(PACKAGE).nested;
  const wanted = new Map();
  const pending = [];

  // A type's name is looked up from the inside out, as protobuf does.
  const reach = (type, scope) => {
    for (let depth = scope.length; depth >= 0; depth--) {
      const path = [...scope.slice(0, depth), ...type.replace(/^\./, '').split('.')];
      if (!at(path)) continue;
      if (!wanted.has(path.join('.'))) pending.push(path);
      wanted.set(path.join('.'), path);
      return;
    }
  };

  for (const [service, methods] of Object.entries(calls)) {
    for (const method of methods) {
      const { requestType, responseType } = services[service].methods[method];
      for (const type of [requestType, responseType]) reach(type, [...PACKAGE, service]);
    }
  }
  for (let path = pending.pop(); path; path = pending.pop()) {
    for (const field of Object.values(at(path).fields ?? {})) reach(field.type, path);
  }

  const isWanted = (path) => [...wanted.keys()].some((key) => key === path || key.startsWith(`${path}.`));
  const kept = Object.entries(services).flatMap(([name, node]) => {
    const methods = calls[name];
    if (methods) return [[name, { ...node, methods: pick(node.methods, methods) }]];
    return isWanted([...PACKAGE, name].join('.')) ? [[name, node]] : [];
  });
  const cloud = { ...root.nested.google.nested.cloud };
  cloud.nested = {
    compute: { ...cloud.nested.compute, nested: { v1: { ...at(PACKAGE), nested: Object.fromEntries(kept) } } },
  };
  return {
    ...root,
    nested: { ...root.nested, google: { ...root.nested.google, nested: { ...root.nested.google.nested, cloud } } },
  };
}

function pick(from, names) {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}
