import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';
import type { Change, Kind, Packing } from '../kind.ts';

/** One large program in a directory of its own, named by its digest, and a link `current` that says which one is used. */
export interface ExecutableWant {
  readonly kind: 'executable';
  /** Name of the program. */
  readonly name: string;
  /** The directory that has `SHA256/NAME` and `current`. */
  readonly base: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The kernel's name: `x86_64`, `aarch64`. */
  readonly architecture: string;
  /** Libraries that it loads and that not every machine has: `libatomic.so.1`. */
  readonly libraries?: readonly string[];
  /** The file on the operator's side. */
  readonly file: string;
}

const RECEIVE = shellFile(new URL('./executable-receive.root.sh', import.meta.url));
const INSTALL = shellFile(new URL('./executable-install.root.sh', import.meta.url));
const SWITCH = shellFile(new URL('./executable-switch.root.sh', import.meta.url));

/** A slow link. */
const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/** Sent once for each machine and digest. The link changes last, and separately: until then the former program is in use. */
export const executable: Kind<ExecutableWant> = {
  id: (want) => `executable:${want.base}`,
  probe: ({ base, sha256, name, libraries = [] }) => ({ name: 'executable', args: [base, sha256, name, ...libraries] }),
  touches: ({ base }) => ({ paths: [`${base}/current`], trees: [base] }),

  changes(want, answer) {
    const [machine = '', programs = '', missing = '', found = '', link = ''] = answer.stdout.split('\n');
    if (machine !== 'image' && machine !== want.architecture)
      throw reconcileProblems.executableArchitecture({ ...want, machine });
    if (missing !== '') throw reconcileProblems.librariesMissing({ name: want.name, libraries: missing });
    const packing: Packing = programs.split(' ').includes('zstd') ? 'zstd' : 'gzip';
    return [
      ...(found === `${want.bytes} 0755` ? [] : [install(want, packing)]),
      ...(link === want.sha256 ? [] : [use(want, link)]),
    ];
  },
};

function install({ base, name, sha256, bytes, file }: ExecutableWant, packing: Packing): Change {
  const receive = { ...RECEIVE, args: [sha256, String(bytes)] };
  const script = { ...INSTALL, args: [base, sha256, name] };
  return {
    summary: `install ${base}/${sha256.slice(0, 12)}…/${name}`,
    scripts: [
      { script: receive, source: { file, sha256, packing }, timeoutMs: UPLOAD_TIMEOUT_MS, early: true },
      { script, timeoutMs: 60_000 },
    ],
  };
}

function use({ base, name, sha256 }: ExecutableWant, link: string): Change {
  const script = { ...SWITCH, args: [base, sha256, name] };
  const verb = link === '' ? 'create' : 'replace';
  return { summary: `${verb} ${base}/current → ${sha256.slice(0, 12)}…`, scripts: [{ script, timeoutMs: 60_000 }] };
}
