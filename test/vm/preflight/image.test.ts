import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RootDirectoryHost } from '../../../src/host/root-directory.ts';
import { scriptCommand } from '../../../src/host/run/shell.ts';
import { lines, parseAnswers, preflightScript } from '../../../src/vm/preflight/probe.ts';
import { resolverOwner } from '../../../src/vm/resolver/owner.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PROGRAM = '#!/bin/sh\n';

/** An image with these files; a value that begins with `->` is a link. Programs have the run bit. */
function image(files: Readonly<Record<string, string>>) {
  const outside = temporaryFolder();
  const root = join(outside, 'image');
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), path);
    else writeFileSync(path, text);
    if (text === PROGRAM) chmodSync(path, 0o755);
  }
  const ask = async () => {
    const host = new RootDirectoryHost({ directory: root });
    const answers = parseAnswers((await host.run(scriptCommand(preflightScript(15012, [])))).stdout);
    if (!answers) throw new Error('no answer');
    return (area: string) => lines(answers, area);
  };
  return { outside, root, ask };
}

const OS = { 'etc/os-release': 'ID=debian\nVERSION_ID="12"\n' };

test('a program behind an absolute link is the one of the image', async () => {
  // /bin/sh is on every build host, and not in this image.
  const { ask } = image({
    ...OS,
    'usr/bin/awk': '->/etc/alternatives/awk',
    'etc/alternatives/awk': '->/usr/bin/mawk-of-the-image',
    'usr/bin/mawk-of-the-image': PROGRAM,
    'usr/bin/flock': '->/bin/sh',
    'usr/bin/getent': '->../../../../../../../../bin/sh',
    'usr/bin/ip': '->/usr/bin/ip',
  });
  expect((await ask())('program')).toEqual(['awk']);
});

test.each([
  ['os', 'etc/os-release', 'ID=other'],
  ['hosts', 'etc/hosts', '192.0.2.1 other'],
  ['nsswitch', 'etc/nsswitch.conf', 'hosts: files resolve dns'],
  ['resolv', 'etc/resolv.conf', 'nameserver 192.0.2.1'],
])('%s: a file of the build host is not read through a link of the image', async (area, name, text) => {
  const { outside, root, ask } = image({ ...(area === 'os' ? {} : OS), 'usr/lib/os-release': 'ID=debian\n' });
  writeFileSync(join(outside, 'file'), `${text}\n`);
  mkdirSync(join(root, 'etc'), { recursive: true });
  symlinkSync(join(outside, 'file'), join(root, name));
  expect((await ask())(area)).toEqual(area === 'os' ? ['ID=debian'] : []);
  // The same path below the root is what the booted machine would read.
  mkdirSync(join(root, outside), { recursive: true });
  writeFileSync(join(root, outside, 'file'), 'of the image\n');
  expect((await ask())(area)).toEqual(['of the image']);
});

test.each([
  ['a folder on the way', { etc: '->/conf', 'conf/os-release': 'ID=debian\n', 'conf/hosts': 'x\n' }],
  ['a climbing link', { etc: '->../../../../conf', 'conf/os-release': 'ID=debian\n', 'conf/hosts': 'x\n' }],
  ['os-release in /usr/lib', { 'usr/lib/os-release': 'ID=debian\n', 'etc/hosts': 'x\n' }],
])('%s is followed inside the image', async (_what, files) => {
  const answers = await image(files).ask();
  expect([answers('os'), answers('hosts')]).toEqual([['ID=debian'], ['x']]);
});

const RESOLVED = 'usr/lib/systemd/system/systemd-resolved.service';
const record = async (files: Readonly<Record<string, string>>) => {
  const answers = await image({ ...OS, ...files }).ask();
  const [link] = answers('link');
  return {
    ...{
      active: answers('active'),
      programs: answers('program'),
      files: answers('file'),
      resolved: answers('resolved'),
    },
    ...{ resolvConf: answers('resolv').join('\n'), nsswitch: '', ...(link !== undefined && { link }) },
  };
};

test.each([
  ['resolv.conf leads to its file', { 'etc/resolv.conf': '->../run/systemd/resolve/stub-resolv.conf' }],
  ['resolv.conf leads to its file by an absolute link', { 'etc/resolv.conf': '->/run/systemd/resolve/resolv.conf' }],
  [
    'the boot starts it, and resolv.conf names its address',
    {
      'etc/resolv.conf': 'nameserver 127.0.0.53\n',
      'etc/systemd/system/sysinit.target.wants/systemd-resolved.service': `->/${RESOLVED}`,
    },
  ],
])('an image has systemd-resolved when it is installed and %s', async (_what, files) => {
  const conf = {
    'etc/systemd/resolved.conf.d/lan.conf': '[Resolve]\nDNS=192.0.2.53\n',
    'etc/systemd/resolved.conf.d/meshx.conf': '[Resolve]\nDNS=127.0.0.1\n',
  };
  const found = await record({ [RESOLVED]: '[Service]\n', ...conf, ...files });
  expect(resolverOwner(found).owner).toBe('systemd-resolved');
  expect(found.resolved).toEqual(['DNS=192.0.2.53']);
});

test.each([
  ['it is not installed', {}],
  ['it is masked', { [RESOLVED]: '[Service]\n', 'etc/systemd/system/systemd-resolved.service': '->/dev/null' }],
])('an image whose resolv.conf leads to systemd-resolved cannot tell who resolves when %s', async (_what, files) => {
  const found = await record({ 'etc/resolv.conf': '->/run/systemd/resolve/stub-resolv.conf', ...files });
  expect(resolverOwner(found).owner).toBe('unknown');
});
