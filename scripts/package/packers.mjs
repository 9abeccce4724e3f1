// The three forms that a machine is given: .deb, .rpm, .tar.gz. Each is the same bytes when the same files are packed again.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installed, layOut, unpacked } from './tree.mjs';
import { must } from './run.mjs';

const DEBIAN = { x64: 'amd64', arm64: 'arm64' };
const RPM = { x64: 'x86_64', arm64: 'aarch64' };
const HOME = 'https://github.com/meshx/meshx';

/** Each takes { arch, product, contents, time, folder, out } and gives the path of what it made. */
export const packers = [deb, rpm, tarball];

async function deb({ arch, product, contents, time, folder, out }) {
  const tree = join(folder, 'deb');
  const control = `Package: meshx
Version: ${product.version}
Architecture: ${DEBIAN[arch]}
Maintainer: The meshx authors
Section: admin
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1 | libgcc1, libatomic1
Recommends: openssh-client
Description: ${product.description}
`;
  await layOut(tree, [...installed('deb', contents), ['DEBIAN/control', control]], time);
  const file = join(out, `meshx_${product.version}_${DEBIAN[arch]}.deb`);
  // gzip: the same bytes on any number of processors, and read by every dpkg.
  const options = ['--root-owner-group', '-Zgzip', '-z6', '--build'];
  await must('dpkg-deb', [...options, tree, file], { env: environment(time) });
  await rm(tree, { recursive: true });
  return file;
}

async function rpm({ arch, product, contents, time, folder, out }) {
  const [top, tree] = [join(folder, 'rpm'), join(folder, 'rpm-tree')];
  const files = installed('rpm', contents);
  await layOut(tree, files, time);
  await mkdir(top, { recursive: true });
  // The executable's second half is data behind its sections: nothing may strip or rewrite it.
  const spec = `%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _binary_payload w10.zstdio
Name: meshx
Version: ${product.version}
Release: 1
Summary: ${product.description}
License: ${product.license}
URL: ${HOME}
Recommends: openssh-clients
%description
${product.description}
%install
mkdir -p %{buildroot}
cp -a ${tree}/. %{buildroot}/
%files
${files.map(([path]) => `${path.includes('/doc/') ? '%doc ' : ''}/${path}`).join('\n')}
`;
  await writeFile(join(top, 'meshx.spec'), spec);
  const defines = [`_topdir ${top}`, `_rpmdir ${top}/made`, `_rpmfilename meshx.rpm`, '_dbpath %{_topdir}/db'];
  const argv = ['-bb', '--quiet', '--target', `${RPM[arch]}-linux`, ...defines.flatMap((each) => ['--define', each])];
  await must('rpmbuild', [...argv, join(top, 'meshx.spec')], { env: environment(time) });
  const file = join(out, `meshx-${product.version}-1.${RPM[arch]}.rpm`);
  await rename(join(top, 'made/meshx.rpm'), file);
  for (const each of [top, tree]) await rm(each, { recursive: true });
  return file;
}

async function tarball({ arch, product, contents, time, folder, out }) {
  const name = `meshx-${product.version}-linux-${arch}`;
  await layOut(join(folder, name), unpacked(contents), time);
  const file = join(out, `${name}.tar.gz`);
  const owner = ['--sort=name', '--format=gnu', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${time}`];
  await must('tar', ['-C', folder, ...owner, '-I', 'gzip -n6', '-cf', file, name], { env: environment(time) });
  await rm(join(folder, name), { recursive: true });
  return file;
}

function environment(time) {
  return { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C', TZ: 'UTC', SOURCE_DATE_EPOCH: String(time) };
}
