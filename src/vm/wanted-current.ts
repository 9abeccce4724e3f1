import { currentBundle } from '../mesh/current/bundle.ts';
import type { Step } from '../reconcile/resource.ts';
import type { CurrentVmInput } from './input.ts';
import { PLACES } from './places.ts';
import { agentBootUnits, agentSteps } from './steps/agent.ts';
import { identityStep } from './steps/identity.ts';
import { membershipFile } from './steps/membership.ts';
import { namesStep } from './steps/names.ts';
import { packageStep } from './steps/package.ts';
import { bootStep, captureStep, sidecarStep } from './steps/running.ts';
import { sidecarEnvStep } from './steps/sidecar-env.ts';
import { unitsStep } from './steps/units.ts';
import { settingsFile } from './wants.ts';

/** A current VM. In an image nothing is started and no secret is written. */
export function wantedCurrentVm(input: CurrentVmInput): readonly Step[] {
  const agent = agentSteps(input);
  return [
    ...agent.user,
    packageStep(input),
    clusterEnvStep(input),
    sidecarEnvStep(input, { sourced: false }),
    namesStep(input),
    unitsStep(input.vm),
    ...agent.files,
    ...agent.program,
    // Last: a secret needs a round trip of its own, the steps before share one, and the token's ten minutes begin late.
    identityStep(input),
    ...(input.image ? [] : [sidecarStep(), ...agent.running, captureStep()]),
    bootStep(['istio.service', 'meshx-capture.service', ...agentBootUnits(input)], input.image),
  ];
}

function clusterEnvStep(input: CurrentVmInput): Step {
  const { cluster, workload, bundle, vm } = input;
  const excludePorts = [...new Set([...vm.sshPorts, ...(bundle?.excludePorts ?? [])])].sort((a, b) => a - b);
  const { clusterEnv, meshYaml } = currentBundle(cluster, workload, { ...bundle, excludePorts });
  return {
    id: 'cluster-env',
    title: 'Configure the VM for the cluster',
    wants: [
      membershipFile(input),
      settingsFile(PLACES.clusterEnv, clusterEnv),
      settingsFile(PLACES.meshConfig, meshYaml),
    ],
  };
}
