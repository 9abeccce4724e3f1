import { type CurrentFacts, rootNamespaceOf } from '../../mesh/cluster-facts.ts';
import { refuseEntryName } from '../../mesh/entry-name.ts';
import { present } from '../../present.ts';
import { planCurrentDeparture } from '../registration/current-departure.ts';
import { planCurrentDeregistration } from '../registration/current-deregistration.ts';
import { currentEndpoint } from '../registration/current-endpoint.ts';
import { gatherCurrentFacts } from './current-facts.ts';
import { currentMembers } from '../registration/current-members.ts';
import { planCurrentRegistration } from '../registration/current-registration.ts';
import { currentRotation } from '../registration/current-rotation.ts';
import { currentExposureObjects } from './current-exposure.ts';
import { readPolicies } from './mutual-tls-policies.ts';
import type { RegistrationOf } from '../registration/registration-request.ts';
import type { ClusterGeneration } from './generation-record.ts';

/** A cluster with istiod. */
export const currentCluster: ClusterGeneration<CurrentFacts, RegistrationOf<'current'>> = {
  facts: gatherCurrentFacts,
  policies: readPolicies,
  exposure: currentExposureObjects,
  joinRequest({ istioNamespace, rootNamespace }, workload, { address, create, agentEntries, agentPolicy }) {
    refuseEntryName(workload, address);
    const made = { createNamespace: create, createServiceAccount: create };
    const wanted = { workload, ...made, ...present({ address, agentEntries, agentPolicy }) };
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
