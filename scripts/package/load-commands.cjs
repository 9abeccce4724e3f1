// In the executable, stands for src/start.ts: the command line is a script of its own, which the agent never loads.
'use strict';
const { getAssetKeys, getRawAsset } = require('node:sea');
const { Script } = require('node:vm');

const [COMMANDS, CODE] = ['commands.cjs', 'commands.code'];
const bytesOf = (name) => Buffer.from(getRawAsset(name));

const cachedData = getAssetKeys().includes(CODE) ? bytesOf(CODE) : undefined;
// The build writes it in ASCII.
const script = new Script(bytesOf(COMMANDS).latin1Slice(), { filename: COMMANDS, cachedData });
script.runInThisContext()(exports, require, module);
