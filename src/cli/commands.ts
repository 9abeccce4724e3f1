import type { CommandSpec } from './command.ts';
import { adopt } from './commands/adopt.ts';
import { agentDrain, agentRun, agentStatus, agentUndrain } from './commands/agent.ts';
import { applyPlan } from './commands/apply.ts';
import { audit } from './commands/audit.ts';
import { bugreport } from './commands/bugreport.ts';
import { cacheList, cachePrune } from './commands/cache.ts';
import { capture } from './commands/capture.ts';
import { check } from './commands/check.ts';
import { completion } from './commands/completion.ts';
import { configView } from './commands/config-view.ts';
import { configure } from './commands/configure.ts';
import { dashboard } from './commands/dashboard.ts';
import { deregister } from './commands/deregister.ts';
import { down } from './commands/down.ts';
import { drain, undrain } from './commands/drain.ts';
import { evict } from './commands/evict.ts';
import { explain } from './commands/explain.ts';
import { exposeApply, exposeDelete, exposeStatus } from './commands/expose.ts';
import { fleetApply, fleetDiff, fleetPlan, fleetRemove, fleetRollback, fleetStatus } from './commands/fleet.ts';
import { forward } from './commands/forward.ts';
import { gatewayUrl } from './commands/gateway-url.ts';
import { generateCerts } from './commands/generate-certs.ts';
import { generateClusterEnv } from './commands/generate-cluster-env.ts';
import { generateDnsmasq } from './commands/generate-dnsmasq.ts';
import { lint } from './commands/lint.ts';
import { load } from './commands/load.ts';
import { logs } from './commands/logs.ts';
import { proxy } from './commands/proxy.ts';
import { rbac } from './commands/rbac.ts';
import { register } from './commands/register.ts';
import { rejoin } from './commands/rejoin.ts';
import { rollback } from './commands/rollback.ts';
import { route } from './commands/route.ts';
import { setupVm } from './commands/setup-vm.ts';
import { status } from './commands/status.ts';
import { sudoers } from './commands/sudoers.ts';
import { ui } from './commands/ui.ts';
import { up } from './commands/up.ts';
import { version } from './commands/version.ts';
import { verify } from './commands/verify.ts';

/** Every command, in the order of the help. A new command is a new file and a line here. */
export const commands: readonly CommandSpec[] = [
  generateClusterEnv,
  generateDnsmasq,
  generateCerts,
  exposeApply,
  exposeStatus,
  exposeDelete,
  setupVm,
  configure,
  capture,
  proxy,
  logs,
  drain,
  undrain,
  register,
  deregister,
  route,
  evict,
  up,
  rejoin,
  adopt,
  down,
  rollback,
  applyPlan,
  fleetPlan,
  fleetApply,
  fleetStatus,
  fleetDiff,
  fleetRollback,
  fleetRemove,
  audit,
  agentRun,
  agentStatus,
  agentDrain,
  agentUndrain,
  status,
  ui,
  check,
  verify,
  lint,
  gatewayUrl,
  bugreport,
  dashboard,
  forward,
  load,
  rbac,
  sudoers,
  configView,
  cacheList,
  cachePrune,
  version,
  explain,
  completion,
];
