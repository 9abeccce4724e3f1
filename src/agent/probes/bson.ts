import { Fields, unexpected } from './fields.ts';

export type BsonValue = string | number | boolean;

const FIXED: Readonly<Record<number, number>> = {
  0x06: 0,
  0x07: 12,
  0x09: 8,
  0x0a: 0,
  0x11: 8,
  0x13: 16,
  0x7f: 0,
  0xff: 0,
};

/** {NAME: 1, $db: 'admin'} (bsonspec.org). */
export function command(name: string): Buffer {
  const admin = Buffer.from('admin\0');
  const elements = Buffer.concat([
    ...[Buffer.from(`\x10${name}\0`), int32(1)],
    ...[Buffer.from('\x02$db\0'), int32(admin.length), admin],
  ]);
  return Buffer.concat([int32(elements.length + 5), elements, Buffer.alloc(1)]);
}

/** The texts, numbers and booleans at the top of a document. Other values are skipped. Throws a Failure for what is no document. */
export function document(bytes: Buffer): ReadonlyMap<string, BsonValue> {
  const fields = new Fields(bytes);
  if (fields.little(4) !== bytes.length) throw unexpected();
  const values = new Map<string, BsonValue>();
  for (let type = fields.little(1); type !== 0; type = fields.little(1)) {
    const name = fields.terminated();
    const value = element(type, fields);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function element(type: number, fields: Fields): BsonValue | undefined {
  switch (type) {
    case 0x01:
      return fields.bytes(8).readDoubleLE();
    case 0x02:
      return fields.bytes(fields.little(4)).toString().replace(/\0$/, '');
    case 0x03:
    case 0x04:
      return void fields.bytes(fields.little(4) - 4);
    case 0x05:
      return void fields.bytes(fields.little(4) + 1);
    case 0x08:
      return fields.little(1) === 1;
    case 0x10:
      return fields.bytes(4).readInt32LE();
    case 0x12:
      return Number(fields.bytes(8).readBigInt64LE());
    default: {
      const size = FIXED[type];
      if (size === undefined) throw unexpected();
      return void fields.bytes(size);
    }
  }
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
