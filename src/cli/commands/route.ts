import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const route: CommandSpec = {
  name: 'route',
  summary: 'route the requests to a service to versions of it, by weight or by header',
  args: [['<service>', 'name of the Service']],
  options: [
    ['--to <version...>', 'version, or VERSION=PERCENT for each of several'],
    ['--header <name=value>', 'requests with this header go to --header-to'],
    ['--header-to <version>', 'version for requests with the header'],
    ['--label <key>', 'label whose value is the version (version)'],
    ['--request-timeout <duration>', 'how long a request may take: 5s, 250ms'],
    ['--retries <number>', 'how often a failed request is tried again'],
    ['--per-try-timeout <duration>', 'how long each try may take'],
    ['--remove', 'delete the routes that meshx made for the service'],
    ['--vm <vm>', "wait until this VM's sidecar has the change, and show it before and after"],
    ['--timeout <seconds>', 'with --vm: how long to wait (60)'],
  ],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, ...LIVE_VM_OPTIONS, 'namespace'],
  examples: [
    'route ratings --to v2-mysql-vm --yes',
    'route reviews --to v1=90 --to v3=10 --request-timeout 5s --retries 2 --dry-run',
    'route reviews --to v1 --header end-user=jason --header-to v2 --yes',
    'route ratings --remove --yes',
  ],
  run: async (call) => (await import('../actions/route.ts')).route(call),
};
