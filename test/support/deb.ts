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
