import type { CommandSpec } from '../command.ts';

export const cacheList: CommandSpec = {
  name: 'cache list',
  summary: 'list the packages that meshx downloaded and keeps on this machine',
  args: [],
  options: [],
  common: ['output'],
  examples: ['cache list', 'cache list -o json'],
  run: async (call) => (await import('../actions/cache.ts')).cacheListed(call),
};

export const cachePrune: CommandSpec = {
  name: 'cache prune',
  summary: 'remove the packages on this machine that were not used for longest',
  args: [],
  options: [
    ['--keep <mib>', 'keep the last used ones up to this many MiB (1024)'],
    ['--all', 'remove everything, also what another run may be using'],
  ],
  common: ['output'],
  examples: ['cache prune', 'cache prune --keep 200', 'cache prune --all'],
  run: async (call) => (await import('../actions/cache.ts')).cachePruned(call),
};
