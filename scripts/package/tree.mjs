// The files of the packages, laid out as on a machine.
import { mkdir, utimes, writeFile, copyFile, chmod, readdir, lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/meshx',
  fish: 'usr/share/fish/vendor_completions.d/meshx.fish',
};
// Debian's zsh reads vendor-completions, others read site-functions.
const ZSH = { deb: 'usr/share/zsh/vendor-completions/_meshx', rpm: 'usr/share/zsh/site-functions/_meshx' };

/** What is installed, as [path, content, mode]. `kind` is `deb` or `rpm`; `texts` are those of `main.mjs`. */
export function installed(kind, { executable, completions, pages, documents }) {
  return [
    ['usr/bin/meshx', executable, 0o755],
    [COMPLETIONS.bash, completions.bash],
    [COMPLETIONS.fish, completions.fish],
    [ZSH[kind], completions.zsh],
    ...Object.entries(pages).map(([name, page]) => [`usr/share/man/man1/${name}.gz`, gzipSync(page, { level: 9 })]),
    ...Object.entries(documents).map(([name, content]) => [`usr/share/doc/meshx/${name}`, content]),
  ];
}

/** The same for a tarball, in one folder. */
export function unpacked({ executable, completions, pages, documents }) {
  return [
    ['meshx', executable, 0o755],
    ...Object.entries(completions).map(([shell, text]) => [`completions/meshx.${shell}`, text]),
    ...Object.entries(pages).map(([name, page]) => [`man/${name}`, page]),
    ...Object.entries(documents),
  ];
}

/** Writes them below the folder. `executable` is copied from its path; all files get one time. */
export async function layOut(folder, files, time) {
  for (const [path, content, mode = 0o644] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    if (path.endsWith('meshx') && mode === 0o755) await copyFile(content, file);
    else await writeFile(file, content);
    await chmod(file, mode);
  }
  await setTimes(folder, time);
}

async function setTimes(path, time) {
  if ((await lstat(path)).isDirectory()) {
    await chmod(path, 0o755);
    for (const name of await readdir(path)) await setTimes(join(path, name), time);
  }
  await utimes(path, time, time);
}
