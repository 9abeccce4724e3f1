import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';
import type { Change, Kind, Packing } from '../kind.ts';

/** A part of the file that becomes a file of its own beside the program. */
export interface ExecutableLibrary {
  readonly name: string;
  /** Where it begins, and its size, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

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
  /** A library that it brings, as not every machine has it. */
  readonly library?: ExecutableLibrary;
  /** The file on the operator's side. */
  readonly file: string;
}

const RECEIVE = shellFile(new URL('./executable-receive.root.sh', import.meta.url));
const INSTALL = shellFile(new URL('./executable-install.root.sh', import.meta.url));
export const SWITCH = shellFile(new URL('./executable-switch.root.sh', import.meta.url));

/** A slow link. */
const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/** Sent once for each machine and digest. The link changes last, and separately: until then the former program is in use. */
export const executable: Kind<ExecutableWant> = {
  id: (want) => `executable:${want.base}`,
  probe: ({ base, sha256, name, library }) => ({
    name: 'executable',
    args: [base, sha256, name, ...(library ? [library.name] : [])],
  }),
  touches: ({ base }) => ({ paths: [`${base}/current`], trees: [base] }),

  changes(want, answer) {
    const [machine = '', programs = '', link = '', ...found] = answer.stdout.split('\n');
    if (machine !== 'image' && machine !== want.architecture)
      throw reconcileProblems.executableArchitecture({ ...want, machine });
    const wanted = [`${want.bytes} 0755`, ...(want.library ? [`${want.library.bytes} 0644`] : [])];
    const packing: Packing = programs.split(' ').includes('zstd') ? 'zstd' : 'gzip';
    return [
      ...(wanted.every((each, index) => each === found[index]) ? [] : [install(want, packing)]),
      ...(link === want.sha256 ? [] : [use(want, link)]),
    ];
  },
};

function install({ base, name, sha256, bytes, file, library }: ExecutableWant, packing: Packing): Change {
  const part = library ? [library.offset, library.bytes].map(String) : [];
  const receive = { ...RECEIVE, args: [sha256, String(bytes), ...part] };
  const script = { ...INSTALL, args: [base, sha256, name, ...(library ? [library.name] : [])] };
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
  return { summary: `${verb} ${base}/current → ${sha256.slice(0, 12)}…`, scripts: [{ script }] };
}
