// What the packages load at once and meshx never calls: parts of them stay out of the bundle, as loading is most of the time
// of a short command. A part that is called after all throws and names itself; the tests of the bundle would meet it.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MODULES = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');

/** Instead of an import of one package's modules: nothing but these names, each of which throws when it is called. */
const ABSENT = [
  // commander starts programs for commands that are files of their own; meshx has none.
  { from: 'commander', specifier: 'node:child_process', names: ['spawn'] },
  // ssh2 is a client here. Files travel by the stdin of commands, not by SFTP.
  { from: 'ssh2', specifier: './server.js', names: ['Server'] },
  { from: 'ssh2', specifier: './keygen.js', names: ['generateKeyPair', 'generateKeyPairSync'] },
  { from: 'ssh2', specifier: './http-agents.js', names: ['HTTPAgent', 'HTTPSAgent'] },
  { from: 'ssh2', specifier: './protocol/SFTP.js', names: ['SFTP'] },
  // Compute's calls go over REST, with the credentials that they are given.
  { from: 'google-gax', specifier: '@grpc/grpc-js', names: [] },
  { from: 'google-gax', specifier: './grpc', names: ['GrpcClient', 'ClientStub', 'GoogleProtoFilesRoot'] },
  { from: 'google-gax', specifier: 'google-auth-library', names: ['GoogleAuth'] },
  { from: 'google-gax', specifier: '../protos/iam_service', names: [] },
  { from: 'google-gax', specifier: '../protos/locations', names: [] },
  { from: 'google-gax', specifier: '../protos/operations', names: [] },
  { from: 'google-gax', specifier: '../../protos/operations', names: [] },
  { from: 'google-gax', specifier: './iamService', names: ['IamClient'] },
  { from: 'google-gax', specifier: './locationService', names: ['LocationsClient'] },
  { from: 'google-gax', specifier: './operationsClient', names: ['OperationsClient', 'OperationsClientBuilder'] },
  // Node.js has these streams.
  { from: 'fetch-blob', specifier: 'web-streams-polyfill/dist/ponyfill.es2018.js', names: [] },
];

const SPECIFIERS = ABSENT.map(({ specifier }) => specifier.replaceAll('.', '\\.'));

/** esbuild plugin. Throws when the table above names an import that the package does not have any more. */
export const trimPackages = {
  name: 'trim-packages',
  setup(build) {
    const met = new Set();
    build.onResolve({ filter: new RegExp(`^(${SPECIFIERS.join('|')})$`) }, ({ path, importer }) => {
      const found = ABSENT.find(({ from, specifier }) => specifier === path && isOf(importer, from));
      if (!found) return undefined;
      met.add(found);
      return { path: `${found.from}/${path}`, namespace: 'trimmed', pluginData: found };
    });
    build.onLoad({ filter: /.*/, namespace: 'trimmed' }, ({ pluginData }) => ({
      contents: absent(pluginData),
      resolveDir: join(NODE_MODULES, pluginData.from),
    }));
    build.onEnd(() => {
      const gone = ABSENT.filter((each) => !met.has(each)).map(({ from, specifier }) => `${specifier} of ${from}`);
      if (gone.length > 0) throw new Error(`scripts/trim-packages.mjs: nothing imports ${gone.join(', ')}`);
    });
  },
};

function isOf(importer, name) {
  return (
    importer.startsWith(`${join(NODE_MODULES, name)}/`) &&
    !importer.slice(NODE_MODULES.length + name.length + 2).includes('node_modules/')
  );
}

/** CommonJS, as both kinds of importers take it. */
function absent({ from, specifier, names }) {
  const message = (name) => JSON.stringify(`${name} of ${specifier} in ${from} is not part of the bundle`);
  return names.map((name) => `exports.${name} = function () { throw new Error(${message(name)}); };`).join('\n');
}
