// compile.cjs SCRIPT CODE: writes what V8 compiles of the script before it runs.
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');

const [, , file, code] = process.argv;
writeFileSync(code, new Script(readFileSync(file, 'latin1'), { filename: file }).createCachedData());
