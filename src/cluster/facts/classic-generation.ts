import { ACCOUNT_ANNOTATION } from '../../mesh/classic/service.ts';
import type { ClassicFacts } from '../../mesh/cluster-facts.ts';
import { namespaceObject } from '../../mesh/current/objects.ts';
import { cliProblems } from '../../problems/cli.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { gatherClassicFacts } from './classic-facts.ts';
import { planClassicDeregistration, planClassicRegistration } from '../registration/classic-registration.ts';
import { classicMembers, classicRotation, planClassicDeparture } from '../registration/classic-endpoints.ts';
import { classicExposureObjects } from './classic-exposure.ts';
import { type ClusterPlan, EMPTY_PLAN } from '../api/plan.ts';
import { registrationPlan } from '../registration/register.ts';
import type { RegistrationOf } from '../registration/registration-request.ts';
import type { ClusterGeneration } from './generation-record.ts';

/** A cluster with Pilot, Mixer and CA. It has no policies for single workloads. */
export const classicCluster: ClusterGeneration<ClassicFacts, RegistrationOf<'classic'>> = {
  facts: gatherClassicFacts,
  policies: () => Promise.resolve(undefined),
  exposure: classicExposureObjects,
  joinRequest(_facts, { namespace, serviceAccount, labels, services }, { address, create }) {
    if (services.length > 0 && address === '')
      throw cliProblems.addressNeeded({ services: services.map(({ name }) => name) });
    const wanted = services.map(({ name: service, ports }) => ({
      ...{ service, namespace, address, ports, serviceAccount, labels },
    }));
    return { generation: 'classic', wanted, ...(create && wanted.length > 0 && { createNamespace: namespace }) };
  },
  endpoint(_kube, { rest: _rest, ...endpoint }, { namespace, create }) {
    const wanted = [{ ...endpoint, namespace }];
    return Promise.resolve({
      registration: { generation: 'classic', wanted, ...(create && { createNamespace: namespace }) },
      account: { [ACCOUNT_ANNOTATION]: endpoint.serviceAccount },
    });
  },
  async planRegistration(kube, { wanted, createNamespace: name }, signal) {
    const parts = await Promise.all(wanted.map((each) => planClassicRegistration(kube, each, signal)));
    const namespace = name === undefined ? [] : [await registrationPlan(kube, [namespaceObject(name)], signal)];
    return { plan: joined([...namespace, ...parts.map(({ plan }) => plan)]), counts: parts.map(({ count }) => count) };
  },
  async planDeregistration(kube, wanted) {
    return (await planClassicDeregistration(kube, wanted)).plan;
  },
  evictionPlace({ name }) {
    throw clusterProblems.evictNeedsIstiod({ cluster: name });
  },
  planRotation: classicRotation,
  planDeparture: planClassicDeparture,
  members: classicMembers,
};

function joined(plans: readonly ClusterPlan[]): ClusterPlan {
  return {
    ...EMPTY_PLAN,
    create: plans.flatMap(({ create }) => create),
    change: plans.flatMap(({ change }) => change),
    unchanged: plans.flatMap(({ unchanged }) => unchanged),
    foreign: plans.flatMap(({ foreign }) => foreign),
    relabel: plans.flatMap(({ relabel }) => relabel),
    remove: plans.flatMap(({ remove }) => remove),
  };
}
