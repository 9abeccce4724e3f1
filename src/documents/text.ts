import { Unreadable } from './unreadable.ts';

const ENCODINGS = [
  { mark: [0xff, 0xfe], name: 'utf-16le' },
  { mark: [0xfe, 0xff], name: 'utf-16be' },
] as const;

/**
 * The text of a file: UTF-8, or UTF-16 with a byte order mark, as editors and PowerShell on Windows write it. Throws
 * `Unreadable` for anything else, because a misread file could look empty.
 */
export function decodeText(bytes: Uint8Array): string {
  const found = ENCODINGS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  const text = decoded(bytes, found?.name ?? 'utf-8');
  if (text.includes('\0'))
    throw new Unreadable('it holds NUL bytes: it is binary, or UTF-16 without a byte order mark');
  return text;
}

function decoded(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    // A decoder of a known encoding throws nothing else.
    throw new Unreadable(`it is not ${encoding.toUpperCase()} text`);
  }
}
