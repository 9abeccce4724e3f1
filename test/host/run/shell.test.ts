import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { scriptText } from '../../../src/host/run/shell.ts';
import { quote, toShell } from '../../../src/shell-words.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-shell-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `place PATH all` on a live machine; `owner` is the uid that `stat` gives for a link. */
function place(path: string, owner?: number) {
  const shims = join(folder, 'shims');
  mkdirSync(shims, { recursive: true });
  if (owner !== undefined) {
    const real = spawnSync('sh', ['-c', 'command -v stat'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(shims, 'stat'), `#!/bin/sh\ncase "$*" in *%u*) echo ${owner} ;; *) exec ${real} "$@" ;; esac\n`);
    chmodSync(join(shims, 'stat'), 0o755);
  }
  const text = scriptText({ name: 'place', text: 'place "$1" all || exit 7; echo "$W"', args: [] });
  const env = { PATH: `${shims}${delimiter}${process.env['PATH']}` };
  return spawnSync('sh', ['-c', text, 'meshx-place', path], { encoding: 'utf8', env });
}

test('root does not follow a link that another user made', () => {
  writeFileSync(join(folder, 'secret'), 'x');
  symlinkSync(join(folder, 'secret'), join(folder, 'link'));
  const refused = place(join(folder, 'link'), 65_534);
  expect(refused.status).toBe(7);
  expect(refused.stderr).toContain('it is not followed');
});

test('a link of root or of the caller leads to its target, and a plain path to itself', () => {
  writeFileSync(join(folder, 'file'), 'x');
  symlinkSync('file', join(folder, 'link'));
  expect(place(join(folder, 'link'), 0).stdout.trim()).toBe(join(folder, 'file'));
  expect(place(join(folder, 'file')).stdout.trim()).toBe(join(folder, 'file'));
});

test('a word comes back from a shell as it went in, and a NUL byte is refused', () => {
  for (const word of ["it's", '$(id)', 'a b', '', '*', '`x`', '\\', 'ä\n"']) {
    expect(spawnSync('sh', ['-c', `printf %s ${quote(word)}`], { encoding: 'utf8' }).stdout).toBe(word);
  }
  expect(toShell(['echo', 'a b'])).toBe("echo 'a b'");
  expect(() => quote('a\0b')).toThrow(TypeError);
});

/** Only root can give a file to another user. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'owner, group and mode are the wanted ones also where the folder hands its group on to what is made in it',
  () => {
    const [plain, setgid] = [join(folder, 'plain'), join(folder, 'setgid')];
    for (const each of [plain, setgid]) mkdirSync(each);
    chownSync(setgid, 1, 1);
    chmodSync(setgid, 0o2775);
    const text = scriptText({ name: 'put', text: 'put "$1" "$2" - "$3"', args: [] });
    const put = (path: string, owner: string, mode: string) => {
      const env = { PATH: process.env['PATH'], MESHX_UNDO: join(folder, 'none') };
      const args = ['-c', `umask 002; ${text}`, 'meshx-put', owner, mode, path];
      expect(spawnSync('sh', args, { input: 'x', encoding: 'utf8', env })).toMatchObject({ status: 0, stderr: '' });
      const { uid, gid, mode: found } = statSync(path);
      return [uid, gid, (found & 0o7777).toString(8)];
    };
    for (const each of [plain, setgid]) {
      expect(put(join(each, 'a'), 'root:root', '0644')).toEqual([0, 0, '644']);
      expect(put(join(each, 'b'), 'root:root', '0600')).toEqual([0, 0, '600']);
      expect(put(join(each, 'c'), 'root:root', '0755')).toEqual([0, 0, '755']);
      expect(put(join(each, 'd'), '1:1', '0644')).toEqual([1, 1, '644']);
    }
  },
);

// sshd closes the pipes of a command whose connection is gone: the next `echo` of the shell is its end, by SIGPIPE.
test('a script whose reader is gone removes what waits beside its files', async () => {
  const body =
    'place "$1/file" all && _stages=0 && _stage && echo waits > new && echo staged && read -r _ && echo done; echo more';
  const text = scriptText({ name: 'staging', text: body, args: [] });
  const child = spawn('sh', ['-c', text, 'meshx-staging', folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.meshx\./)]);
  child.stdout.destroy();
  await once(child.stdout, 'close');
  child.stdin.end('\n');
  await once(child, 'exit');
  expect(readdirSync(folder)).toEqual([]);
});

test('each script that cleans up behind itself does so at every signal that ends it, that of a lost reader included', () => {
  const sources = new URL('../../../src/', import.meta.url).pathname;
  const scripts = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sh'));
  const cleaning = scripts.filter((name) =>
    /^\s*trap .*(rm -rf|_unstage).* EXIT$/m.test(readFileSync(join(sources, name), 'utf8')),
  );
  expect(cleaning.length).toBeGreaterThan(5);
  const lacking = cleaning.filter(
    (name) => !/^\s*trap 'exit 130' HUP INT TERM PIPE$/m.test(readFileSync(join(sources, name), 'utf8')),
  );
  expect(lacking).toEqual([]);
});
