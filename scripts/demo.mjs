// The whole main job without cluster, VM or root: example manifests stand for the clusters, a directory for the VM.
// Every command runs the real program; the demo fails when one does, or when a second run changes anything.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const program = join(project, 'dist/meshx.js');
const folder = mkdtempSync(join(tmpdir(), 'meshx-demo-'));
const VM = ['--root', 'istio-vm', '--package', 'sidecar-package', '-n', 'vm', '--service', 'mysqldb:3306'];
const problems = [];

function say(text = '') {
  process.stdout.write(`${text}\n`);
}

function heading(text) {
  say(`\n== ${text}\n`);
}

/** Shows a command line, runs it and shows what it says. */
function meshx(...words) {
  say(`$ meshx ${words.join(' ')}`);
  const env = { PATH: process.env.PATH, HOME: folder };
  const run = spawnSync(process.execPath, [program, ...words], { cwd: folder, env, encoding: 'utf8' });
  say(
    [run.stderr, run.stdout]
      .filter((text) => text !== '')
      .join('')
      .trimEnd(),
  );
  say();
  if (run.status !== 0) problems.push(`exit code ${run.status}: meshx ${words.join(' ')}`);
  return run;
}

function show(name) {
  say(`$ cat ${name}`);
  say(readFileSync(join(folder, name), 'utf8'));
}

function expectEqual(what, found, wanted) {
  if (found !== wanted) problems.push(`${what} is not as it must be:\n${found}`);
}

/** Names, modes, times and contents of a tree. */
function state(name) {
  const paths = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).sort();
  return paths
    .map((path) => {
      const stat = lstatSync(join(folder, name, path), { bigint: true });
      const content = stat.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(folder, name, path)))
            .digest('hex')
        : '';
      return `${stat.mode.toString(8)} ${stat.isDirectory() ? '' : stat.mtimeNs} ${path} ${content}`;
    })
    .join('\n');
}

function tree(name) {
  const before = new Set(readdirSync(join(project, 'examples/image'), { recursive: true, encoding: 'utf8' }));
  const paths = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).sort();
  const made = paths.filter((path) => !before.has(path) && lstatSync(join(folder, name, path)).isFile());
  for (const path of made) say(`  /${path}`);
}

function classic() {
  heading('A classic cluster: Pilot, Mixer and CA behind internal load balancers');
  meshx('generate-cluster-env', '--manifests', 'classic-cluster');
  show('cluster.env');
  expectEqual('cluster.env', readFileSync(join(folder, 'cluster.env'), 'utf8'), 'ISTIO_SERVICE_CIDR=10.63.240.0/20\n');
  meshx('generate-dnsmasq', '--manifests', 'classic-cluster');
  show('kubedns');
  expectEqual('the number of lines of kubedns', readFileSync(join(folder, 'kubedns'), 'utf8').split('\n').length, 8);
}

function current() {
  heading('A current cluster: istiod behind an east-west gateway');
  meshx(
    'generate-cluster-env',
    '--manifests',
    'current-cluster',
    '--workload-group',
    'istio-vm',
    '-n',
    'vm',
    '--out',
    'files',
  );
  meshx('generate-dnsmasq', '--manifests', 'current-cluster', '--print');
}

function vm() {
  const setup = ['setup-vm', 'istio-vm', '--manifests', 'current-cluster', ...VM];
  heading('The VM, here a directory: first the plan, then the work');
  meshx(...setup, '--dry-run');
  meshx(...setup);
  say('What was made in the directory (owners are noted beside it, since nobody is root here):');
  tree('istio-vm');

  heading('A machine without a sidecar of meshx is registered by its address');
  const register = ['register', 'legacydb', '10.150.0.6', '3306', '-n', 'vm', '--manifests', 'current-cluster'];
  meshx(...register);

  heading('A second run changes nothing');
  const before = [state('istio-vm'), state('current-cluster')].join('\n');
  meshx(...setup);
  meshx(...register);
  expectEqual('the result of the second run', [state('istio-vm'), state('current-cluster')].join('\n'), before);
  say(problems.length === 0 ? 'Names, modes, times and contents of all files are as before.' : '');
}

if (!existsSync(program)) {
  process.stderr.write('dist/meshx.js is not there. Build it first: npm run build\n');
  process.exit(1);
}
try {
  for (const name of ['classic-cluster', 'current-cluster', 'sidecar-package']) {
    cpSync(join(project, 'examples', name), join(folder, name), { recursive: true });
  }
  cpSync(join(project, 'examples/image'), join(folder, 'istio-vm'), { recursive: true });
  const start = performance.now();
  classic();
  current();
  vm();
  say(
    `\n${problems.length === 0 ? 'The demo went as it must' : 'THE DEMO FAILED'} (${((performance.now() - start) / 1000).toFixed(1)} s).`,
  );
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
