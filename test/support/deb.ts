import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** One member of an ar archive (ar(5)): a header of 60 bytes, the content, and a byte more where its length is odd. */
function arMember(name: string, content: Buffer): Buffer {
  const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
  const header = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), content, Buffer.alloc(content.length % 2, '\n')]);
}

/** A .deb (deb(5)) of these archives, each with the name of its member. */
export function debOf(...archives: readonly (readonly [string, Buffer])[]): Buffer {
  const members = archives.map(([name, content]) => arMember(name, content));
  return Buffer.concat([Buffer.from('!<arch>\n'), arMember('debian-binary', Buffer.from('2.0\n')), ...members]);
}

/** An istio-sidecar.deb that dpkg-deb unpacks, with these files by their paths. */
export async function sidecarDeb(
  { name = 'istio-sidecar', version = '1.29.1', architecture = 'amd64' } = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const text = `Package: ${name}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: test\nDescription: test\n`;
  const [control, data] = await Promise.all([tarOf({ './control': text }), tarOf(files)]);
  return debOf(['control.tar.gz', gzipSync(control)], ['data.tar.gz', gzipSync(data)]);
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name, mode: 0o755 }, text);
  tar.finalize();
  return await buffer(tar);
}
