import { list, mapping, text } from '../../mesh/unknown.ts';
import { cloudProblems } from '../../problems/cloud.ts';
import type { GoogleCredentials } from './google-credentials.ts';

const ENDPOINT = 'https://container.googleapis.com';

export interface ClusterPlace {
  readonly cluster: string;
  /** Zone or region; all are searched when absent. */
  readonly zone?: string;
  readonly endpoint?: string;
}

/**
 * The CIDRs of a GKE cluster's Services, from its record at the Container API (v1, projects.locations.clusters.list):
 * what `gcloud container clusters describe --format "value(servicesIpv4Cidr)"` prints, and the IPv6 range if it has
 * one.
 */
export async function clusterRange(credentials: GoogleCredentials, place: ClusterPlace): Promise<readonly string[]> {
  const { cluster, zone, endpoint = ENDPOINT } = place;
  const { project, authClient } = credentials;
  const path = `/v1/projects/${encodeURIComponent(project)}/locations/-/clusters`;
  const answer = await authClient.fetch(new URL(path, endpoint));
  const clusters = list(mapping(answer.data)['clusters']).map(mapping);
  const named = clusters.filter((each) => each['name'] === cluster);
  const found = named.filter((each) => zone === undefined || isAt(text(each['location']) ?? '', zone));
  if (found.length > 1) {
    const locations = found.map((each) => text(each['location']) ?? '');
    throw cloudProblems.clusterAmbiguous({ cluster, project, locations });
  }
  const [record] = found;
  if (record === undefined) {
    const known = clusters.map((each) => `${text(each['name']) ?? ''} (${text(each['location']) ?? ''})`);
    throw cloudProblems.clusterNotFound({ cluster, project, known });
  }
  const allocation = mapping(record['ipAllocationPolicy']);
  const ranges = [text(record['servicesIpv4Cidr']), text(allocation['servicesIpv6CidrBlock'])];
  return ranges.filter((range) => range !== undefined);
}

/** A regional cluster is at `us-east4` even if the zone us-east4-a is given. */
function isAt(location: string, zone: string): boolean {
  return location === zone || zone.startsWith(`${location}-`);
}
