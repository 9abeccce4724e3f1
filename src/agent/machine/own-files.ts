import { readFile } from 'node:fs/promises';
import { RUN_UP } from './operator-command.ts';

/** A file of the join that another program changed, as agent-root found it. */
export interface ChangedFile {
  /** `left`: restored so often that the change must be meant. */
  readonly state: 'edited' | 'missing' | 'link' | 'left' | 'restored';
  readonly path: string;
  /** When it was changed; undefined for a file that is gone. */
  readonly since?: Date;
}

/** Written by agent-root, with one file in each line. */
const LISTED = '/run/meshx/files';
/** One change of many files must not fill the status. */
const MOST = 20;
const LINE = /^(edited|missing|link|left|restored) (\d{1,11}) (\/[\w.@/-]{1,200})$/;

/** The files of the list; lines of another form are skipped. Pure. */
export function parseChangedFiles(text: string): readonly ChangedFile[] {
  const found = text.split('\n').flatMap((line): readonly ChangedFile[] => {
    const [, state, seconds, path] = LINE.exec(line) ?? [];
    if (state === undefined || path === undefined) return [];
    // as: the expression allows no other.
    const file = { state: state as ChangedFile['state'], path };
    return [Number(seconds) > 0 ? { ...file, since: new Date(Number(seconds) * 1000) } : file];
  });
  return found.slice(0, MOST);
}

/** What root listed last; nothing before its first pass. `path` is for tests. */
export async function readChangedFiles(path = LISTED): Promise<readonly ChangedFile[]> {
  return parseChangedFiles(await readFile(path, 'utf8').catch(() => ''));
}

/** One file, for people. Pure. */
export function changedFileText({ state, path, since }: ChangedFile): string {
  const at = since === undefined ? '' : ` at ${since.toISOString()}`;
  switch (state) {
    case 'restored':
      return `${path} was changed by another program: restored`;
    case 'edited':
      return `${path} was changed${at}; ${WRITE_ANEW}`;
    case 'missing':
      return `${path} is missing; ${WRITE_ANEW}`;
    case 'left':
      return `${path} was changed again and again, last${at}: left as it is; ${WRITE_ANEW}`;
    case 'link':
      return `${path} was replaced by a link${at}: left as it is; ${WRITE_ANEW}`;
  }
}

const WRITE_ANEW = `to write it anew, ${RUN_UP}`;
