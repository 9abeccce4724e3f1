import type { VmRecord } from '../lab/operator.ts';
import { meshCa, newMeshCa, plugCa } from '../lab/mesh-roots.ts';
import type { RecoveryCase } from './cases.ts';
import { CLEAN } from './cases-services.ts';
import type { Course } from './course.ts';

/** A pass of the agent is a minute; root looks after two without a connection, and the sidecar restarts. Milliseconds. */
const PASSES = 240_000;
const AFTER = 60_000;
/** The life of a certificate, and how long the VM is off, so that it ends. Milliseconds. */
const LIFE = 180_000;
const OFF = 200_000;
const FROZEN = 90_000;
const JUMP = 90_000;
const DAY = 86_400;
const SIDECAR_ENV = '/var/lib/istio/envoy/sidecar.env';
const TOKENS = '/var/lib/meshx-agent/istio-token /var/lib/meshx-agent/api-token /run/secrets/tokens/istio-token';

/** `meshx rejoin` changes nothing for the worse on a VM that is well, and restores one that is not. */
async function rejoined(course: Course): Promise<void> {
  await course.event(async () => await course.vm.rejoin());
  await course.answer(PASSES);
  await course.clean(PASSES);
}

const ROTATED: RecoveryCase = {
  name: 'root-rotated',
  needsApi: true,
  what: "the mesh's root is replaced with an overlap: first both roots, then the new one signs, then the old one is gone; then meshx rejoin",
  remark:
    'The sidecars of the clients restart after each step, as Istio asks of workloads. The sidecar of the VM restarts once, when istiod no longer uses the root that it knows.',
  run: async (course) => {
    const { vm } = course;
    const [before, after] = [await meshCa(vm.lab), await newMeshCa()];
    const steps = [
      { signs: before, roots: [before, after], limit: AFTER },
      { signs: after, roots: [before, after], limit: PASSES },
      { signs: after, roots: [after], limit: AFTER },
    ];
    for (const { signs, roots, limit } of steps) {
      await course.event(async () => {
        await plugCa(vm.lab, signs, roots);
        await vm.freshClient();
      });
      await course.answer(limit);
    }
    await course.clean(PASSES);
    await rejoined(course);
  },
};

const REPLACED: RecoveryCase = {
  name: 'root-replaced',
  needsApi: true,
  what: "the mesh's root is replaced at once by another one; then meshx rejoin",
  remark:
    'An earlier run was not back within 240 s: the sidecar had no connection after the first repair, and the agent asked root for the next one five minutes later. It asks after two minutes now; two runs since then took 67 s.',
  run: async (course) => {
    const { vm } = course;
    const other = await newMeshCa();
    await course.event(async () => {
      await plugCa(vm.lab, other, [other]);
      await vm.freshClient();
    });
    await course.answer(PASSES);
    await course.clean(PASSES);
    await rejoined(course);
  },
};

const REPLACED_UNSEEN: RecoveryCase = {
  name: 'root-replaced-without-api',
  what: "the mesh's root is replaced at once, and the agent has no rights at the API server: the status names meshx rejoin, and a person runs it",
  run: async (course) => {
    const { vm } = course;
    const other = await newMeshCa();
    await course.event(async () => {
      await vm.dropRights();
      await plugCa(vm.lab, other, [other]);
      await vm.freshClient();
    });
    await course.until(
      'the status names meshx rejoin',
      PASSES,
      async () => (await vm.status()).identity?.state === 'lost',
    );
    await rejoined(course);
  },
};

/** Certificates of three minutes; the VM is off until its own has ended. */
async function offForLong(course: Course, before: (vm: Course['vm']) => Promise<unknown>): Promise<void> {
  const { vm } = course;
  await course.strike(`echo SECRET_TTL=${LIFE / 1000}s >>${SIDECAR_ENV} && systemctl restart istio.service`);
  await course.until('the sidecar has a short certificate', PASSES, async () => {
    const end = Date.parse((await vm.status()).identity?.certificateUntil ?? '');
    return end - Date.now() < LIFE;
  });
  const record: VmRecord = await vm.record();
  await before(vm);
  await course.event(async () => await vm.lab.powerLoss(vm.name));
  await course.lasts(OFF);
  await course.event(async () => await vm.lab.powerOn(record));
}

async function longCertificate(course: Course): Promise<void> {
  await course.vm.try(`sed -i /SECRET_TTL/d ${SIDECAR_ENV} && systemctl restart istio.service`);
}

const ENDED: RecoveryCase = {
  name: 'certificate-ended-while-off',
  needsApi: true,
  what: "the power fails for 200 s, in which the sidecar's certificate ends; then meshx rejoin",
  remark: 'The certificate lives 180 s instead of a day (SECRET_TTL). The agent kept a token for istiod on the disk.',
  run: async (course) => {
    try {
      await offForLong(course, () => Promise.resolve());
      await course.answer(PASSES);
      await longCertificate(course);
      await course.clean(PASSES);
      await rejoined(course);
    } finally {
      await longCertificate(course);
    }
  },
};

const ALL_ENDED: RecoveryCase = {
  name: 'certificate-and-tokens-ended-while-off',
  what: 'the power fails for 200 s, in which the certificate ends, and no token is left: the status names meshx rejoin, and a person runs it',
  run: async (course) => {
    try {
      await offForLong(course, async (vm) => await vm.on(`systemctl stop meshx-agent.service; rm -f ${TOKENS}`));
      await course.until('the status names meshx rejoin', PASSES, async () => {
        return (await course.vm.status()).identity?.state === 'lost';
      });
      await course.vm.try(`sed -i /SECRET_TTL/d ${SIDECAR_ENV}`);
      await rejoined(course);
    } finally {
      await longCertificate(course);
    }
  },
};

function jump(name: string, what: string, seconds: number): RecoveryCase {
  return {
    name,
    what: `the clock is set a day ${what} for 90 s, and back; then meshx rejoin`,
    remark:
      'A VM of the lab has the clock of the lab machine. A library changes what the agent and Envoy read from it; pilot-agent, a static program, keeps the right time. With the wrong date no certificate of the mesh is valid, so requests fail until the clock is right again.',
    run: async (course) => {
      const { vm } = course;
      await course.event(async () => await vm.ownClock());
      await course.answer(AFTER);
      await course.clean(PASSES);
      try {
        await course.event(async () => await vm.setClock(seconds));
        await course.lasts(JUMP);
      } finally {
        await course.event(async () => await vm.setClock(0));
      }
      await course.answer(AFTER);
      await course.clean(PASSES);
      await rejoined(course);
    },
  };
}

const SUSPENDED: RecoveryCase = {
  name: 'vm-suspended',
  what: 'all processes of the VM are frozen for 90 s; then meshx rejoin',
  remark:
    'The VMs of the lab are containers, so a freezer stops their processes. It is the nearest to a suspended machine: the clocks go on, and the network is still there.',
  run: async (course) => {
    const { vm } = course;
    try {
      await course.event(async () => await vm.freeze(true));
      await course.lasts(FROZEN);
    } finally {
      await course.event(async () => await vm.freeze(false));
    }
    await course.answer(AFTER);
    await course.clean(CLEAN);
    await rejoined(course);
  },
};

/** What the VM is known by in the mesh ends or changes. */
export const IDENTITY_CASES: readonly RecoveryCase[] = [
  ...[SUSPENDED, ROTATED, REPLACED, ENDED, REPLACED_UNSEEN],
  jump('clock-ahead', 'ahead', DAY),
  jump('clock-behind', 'behind', -DAY),
  ALL_ENDED,
];
