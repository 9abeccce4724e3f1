import * as fc from 'fast-check';

/** Each character of Unicode, for `fc.string`. Its own unit `binary` takes a second to be made, in each file. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  // Between these two are the surrogates, which are no characters.
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800));
