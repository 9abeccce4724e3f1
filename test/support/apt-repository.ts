import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** A repository of apt in a folder, and a configuration with which the apt of this machine knows it alone. */
export interface AptRepository {
  /** Value of APT_CONFIG. */
  readonly config: string;
  readonly file: string;
  readonly sha256: string;
}

/** Makes a repository that has this package, and reads its index with the real apt, without root. */
export function aptRepository(deb: Buffer, control: string): AptRepository {
  const folder = temporaryFolder();
  const at = (...names: readonly string[]): string => join(folder, ...names);
  for (const each of [
    'etc/apt.conf.d',
    'etc/preferences.d',
    'state/lists/partial',
    'cache/archives/partial',
    'log',
    'repo',
  ])
    mkdirSync(at(each), { recursive: true });
  const file = at('repo', 'istio-sidecar.deb');
  writeFileSync(file, deb);
  const sha256 = createHash('sha256').update(deb).digest('hex');
  const record = `${control.trim()}\nFilename: ./istio-sidecar.deb\nSize: ${deb.length}\nSHA256: ${sha256}\n`;
  writeFileSync(at('repo', 'Packages'), record);
  writeFileSync(at('etc/sources.list'), `deb [trusted=yes] file:${at('repo')} ./\n`);
  writeFileSync(at('state/status'), '');
  const settings = {
    ...{ 'Dir::Etc': at('etc'), 'Dir::State': at('state'), 'Dir::State::status': at('state/status') },
    ...{ 'Dir::Cache': at('cache'), 'Dir::Log': at('log'), 'APT::Architecture': 'amd64', 'APT::Sandbox::User': '' },
  };
  const config = at('apt.conf');
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  execFileSync('apt-get', ['-qq', 'update'], { env: { ...process.env, APT_CONFIG: config }, stdio: 'pipe' });
  return { config, file, sha256 };
}
