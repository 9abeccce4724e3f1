import type { RecoveryCase } from './cases.ts';
import { CLEAN } from './cases-services.ts';
import type { Course } from './course.ts';

const SIDECAR = 60_000;
const RULES = 30_000;
const FLUSH =
  'for program in iptables ip6tables; do for table in filter nat mangle raw; do $program -t $table -F; done; done';

/** kill -9 of a process of the sidecar. */
function killed(program: string): RecoveryCase {
  return {
    name: `${program}-killed`,
    what: `kill -9 of ${program}`,
    run: async (course) => {
      const before = await course.vm.pids(program);
      await course.strike(`pkill -KILL -x ${program}`);
      const isAnother = async (): Promise<boolean> => !['', before].includes(await course.vm.pids(program));
      await course.answer(SIDECAR, undefined, isAnother);
      await course.clean(CLEAN);
    },
  };
}

/** Rules of capture are lost. */
function flushed(name: string, what: string, command: string): RecoveryCase {
  return {
    name,
    what,
    run: async (course) => {
      await course.strike(command);
      const lost = async (): Promise<string> => await course.vm.on('/usr/local/lib/meshx/restore lost');
      await course.until('the rules are back', RULES, async () => (await lost()) === '');
      await course.answer(RULES);
      await course.clean(CLEAN);
    },
  };
}

async function tokenLost(course: Course): Promise<void> {
  await course.strike(
    'rm -f /run/secrets/tokens/istio-token /etc/certs/key.pem /etc/certs/cert-chain.pem /run/meshx/sidecar/*.pem && systemctl restart istio.service',
  );
  await course.answer(120_000);
  await course.clean(180_000);
}

/** The sidecar or its capture is broken. */
export const SIDECAR_CASES: readonly RecoveryCase[] = [
  killed('pilot-agent'),
  killed('envoy'),
  flushed('iptables-flushed', 'iptables -F and ip6tables -F of every table', FLUSH),
  flushed('nft-flushed', 'nft flush ruleset', 'nft flush ruleset'),
  {
    name: 'istio-token-deleted',
    what: 'the token for istiod is deleted; the certificate is still valid',
    run: async (course) => {
      await course.strike('rm /run/secrets/tokens/istio-token');
      await course.answer(SIDECAR);
      await course.clean(CLEAN);
      course.allAnswered();
    },
  },
  {
    name: 'istio-token-and-certificate-deleted',
    needsApi: true,
    what: 'the token for istiod and the certificate are deleted, and the sidecar restarts',
    run: tokenLost,
  },
  {
    name: 'sidecar-stopped',
    what: 'systemctl stop istio.service: the unit is still enabled, so the agent starts it',
    remark:
      'The agent starts only a unit that is enabled: `systemctl disable --now istio.service` keeps the sidecar stopped. The status names a repair for a minute.',
    run: async (course) => {
      await course.strike('systemctl stop istio.service');
      await course.answer(120_000);
      await course.clean(180_000);
    },
  },
];
