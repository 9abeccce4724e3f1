// The chunks of the bundle in the form that src/chunks.ts loads: V8 can keep what it compiled of a script, not of an ES module
// (before Node.js 22, whose own cache lies where any user may write).
import { transform } from 'esbuild';

/** What esbuild is told wherever it writes code of the program. */
export const OUTPUT = {
  platform: 'node',
  target: 'node20',
  // Names stay: shortened ones would have to be put back at each start, for errors and stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
};

/** A chunk that esbuild made as an ES module, as the function that `load` calls: strict, as a module is, and in ASCII alone. */
export async function chunkText(text) {
  const { code } = await transform(text, {
    ...OUTPUT,
    format: 'cjs',
    // They become calls of `require`, which is the loader's.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
    legalComments: 'none',
  });
  return `(function(module,require,__dirname,__url){"use strict";var exports=module.exports;${ascii(code)}\n})\n`;
}

/** Strings, regular expressions and names may be written so; nothing else holds such a character. */
function ascii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
