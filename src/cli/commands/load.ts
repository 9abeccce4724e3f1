import type { CommandSpec } from '../command.ts';

export const load: CommandSpec = {
  name: 'load',
  summary: 'send a small load to a URL, and say its rate, times and statuses',
  args: [['<url>', 'http or https; with --gateway a path']],
  options: [
    ['-c, --connections <number>', 'requests at a time, at most 100 (10)'],
    ['--requests <number>', 'how many requests for each rate, at most 100000 (400)'],
    ['-n, --namespace <number>', 'the same as --requests'],
    [
      '--rps <rate...>',
      'requests per second, at most 1000; several rates run one after another (as fast as answers come)',
    ],
    ['-X, --method <method>', 'method of the requests (GET)'],
    ['-d, --data <text>', 'body of the requests'],
    ['-H, --header <line...>', 'header of the requests, "Name: value"'],
    ['--request-timeout <seconds>', 'how long a request may take (10)'],
  ],
  common: ['namespace', 'output'],
  examples: ['load -n 400 -c 10 --rps 10,20,40 http://10.0.0.4:32608/productpage'],
  run: async (call) => (await import('../actions/load.ts')).load(call),
};
