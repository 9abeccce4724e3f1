import { open, readFile, realpath, rm, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { decodeText } from '../../../documents/text.ts';
import { readYaml } from '../../../documents/yaml.ts';
import { list, mapping } from '../../../mesh/unknown.ts';
import { formatYaml } from '../../../mesh/yaml-text.ts';
import type { Entry } from './kubeconfig-file.ts';
import type { Fields } from './kubeconfig-fields.ts';

/**
 * Writes the configuration of a user's auth-provider into the file that defines the user, under kubectl's lock file.
 * Other fields keep their values; comments are lost, as with kubectl. Throws errors of the file system.
 */
export async function keepProviderConfig(user: Pick<Entry, 'name' | 'file'>, config: Fields): Promise<void> {
  const path = await realpath(user.file);
  const lock = await open(`${path}.lock`, 'wx', 0o600);
  try {
    const content = mapping(readYaml(decodeText(await readFile(path))));
    const users = list(content['users']).map((entry) => withConfig(mapping(entry), user.name, config));
    const { mode, uid, gid } = await stat(path);
    await writeFileAtomic(path, formatYaml({ ...content, users }, { lineWidth: 0 }), {
      mode: mode & 0o777,
      chown: { uid, gid },
    });
  } finally {
    await lock.close();
    await rm(`${path}.lock`, { force: true });
  }
}

function withConfig(entry: Fields, name: string, config: Fields): Fields {
  if (entry['name'] !== name) return entry;
  const user = mapping(entry['user']);
  return { ...entry, user: { ...user, 'auth-provider': { ...mapping(user['auth-provider']), config } } };
}
