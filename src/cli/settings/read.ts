import { readStrict } from '../../agent/strict-file.ts';
import { decodeText } from '../../documents/text.ts';
import { Unreadable } from '../../documents/unreadable.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { FoundFile } from './files.ts';
import { type SettingsDocument, settingsSchema } from './schema.ts';
import type { Owner } from './setting.ts';

/** A settings file, parsed. */
export interface SettingsFile {
  readonly owner: Owner;
  readonly path: string;
  /** For the place of a value. */
  readonly text: string;
  readonly settings: SettingsDocument;
}

/** Parses the files. Throws `settings-invalid` with line and column of each issue, and `settings-refused`. */
export function readSettings(found: readonly FoundFile[]): readonly SettingsFile[] {
  return found.map(({ owner, path, bytes, refused }) => {
    if (refused !== undefined) throw cliProblems.settingsRefused({ file: path, reason: refused });
    const text = textOf(path, bytes);
    const { value, issues } = readStrict(settingsSchema(owner), path, text);
    if (value === undefined) throw cliProblems.settingsInvalid({ file: path, issues });
    return { owner, path, text, settings: value };
  });
}

function textOf(path: string, bytes: Buffer): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw cliProblems.settingsInvalid({ file: path, issues: [`${path}:1:1: ${error.message}`] }, error);
  }
}
