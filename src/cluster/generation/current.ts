import { type CurrentFacts, rootNamespaceOf } from '../../mesh/cluster-facts.ts';
import { refuseEntryName } from '../../mesh/entry-name.ts';
import { present } from '../../present.ts';
import { planCurrentDeparture } from '../current-departure.ts';
import { planCurrentDeregistration } from '../current-deregistration.ts';
import { currentEndpoint } from '../current-endpoint.ts';
import { gatherCurrentFacts } from '../current-facts.ts';
import { currentMembers } from '../current-members.ts';
import { planCurrentRegistration } from '../current-registration.ts';
import { currentRotation } from '../current-rotation.ts';
import { currentExposureObjects } from '../expose/current-objects.ts';
import { readPolicies } from '../mutual-tls-policies.ts';
import type { RegistrationOf } from '../registration-request.ts';
import type { ClusterGeneration } from './record.ts';

/** A cluster with istiod. */
export const currentCluster: ClusterGeneration<CurrentFacts, RegistrationOf<'current'>> = {
  facts: gatherCurrentFacts,
  policies: readPolicies,
  exposure: currentExposureObjects,
  joinRequest({ istioNamespace, rootNamespace }, workload, { address, create }) {
    refuseEntryName(workload, address);
    const wanted = { workload, createNamespace: create, createServiceAccount: create };
    return { generation: 'current', istioNamespace, ...present({ rootNamespace }), wanted };
  },
  endpoint: currentEndpoint,
  async planRegistration(kube, { wanted, generation: _generation, ...place }, signal) {
    const { plan, workload } = await planCurrentRegistration(kube, wanted, { ...place, signal });
    return { plan, workload, counts: [] };
  },
  planDeregistration: planCurrentDeregistration,
  evictionPlace: (_kube, facts) => ({ rootNamespace: rootNamespaceOf(facts), trustDomain: facts.trustDomain }),
  planRotation: currentRotation,
  planDeparture: planCurrentDeparture,
  members: currentMembers,
};
