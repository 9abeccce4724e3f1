import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** A file of shell: a program that a machine runs, or functions that programs source. */
export interface ShellFile {
  /** Name of the file up to the first dot. */
  readonly name: string;
  /** Without the comment at the top, which stays at home; with the text of what it sources. */
  readonly text: string;
}

/** `. ./lock.sh`: the text of the file beside it belongs there. A machine has no such file. */
const SOURCED = /^\. (\.\.?\/\S+)$/gm;
/** Every script for root is sent behind the prelude, once (host/shell.ts): what it sources of it is for readers and shellcheck. */
const PRELUDE = /^\. \S*\/prelude\.sh\n+/m;
/** Comments at the top, directives of shellcheck included. */
const TOP = /^(?:#.*\n)+\n*/;

// Calls of these four with a literal `new URL('./NAME', import.meta.url)` are their results in the bundle: scripts/inline-files.mjs.

/** The text of a file that is part of the program. */
export function textFile(url: URL): string {
  return readFileSync(url, 'utf8');
}

/** The texts of all files below a folder, by their path from there. */
export function textFiles(folder: URL): Readonly<Record<string, string>> {
  return Object.fromEntries(namesBelow(folder, '').map((name) => [name, textFile(new URL(name, folder))]));
}

/** A file of shell, ready to be sent. */
export function shellFile(url: URL): ShellFile {
  return { name: nameOf(url), text: composed(url) };
}

/** All files of shell below a folder whose names end so. */
export function shellFiles(folder: URL, ending: string): readonly ShellFile[] {
  return namesBelow(folder, ending).map((name) => shellFile(new URL(name, folder)));
}

const PLACEHOLDER = /\$\{([A-Z_]+)\}/g;

/** Fills in `${NAMES}` of a text. Both directions are strict: a missing and an unused value are each a bug. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const filled = text.replaceAll(PLACEHOLDER, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new TypeError(`a template needs a value for ${key}`);
    unused.delete(key);
    return value;
  });
  if (unused.size > 0) throw new TypeError(`a template has no place for ${[...unused].join(', ')}`);
  return filled;
}

function nameOf(url: URL): string {
  return basename(url.pathname).replace(/\..*/, '');
}

function composed(url: URL): string {
  const text = textFile(url).replace(TOP, '').replace(PRELUDE, '');
  return text.replace(SOURCED, (_, path: string) => composed(new URL(path, url)).replace(/\n$/, ''));
}

/**
 * Paths from the folder, in an order that no locale changes. Called by scripts/inline-files.mjs, too.
 *
 * @public
 */
export function namesBelow(folder: URL, ending: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return names.filter((name) => statSync(new URL(name, folder)).isFile()).sort();
}
