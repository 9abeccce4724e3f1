import { CATEGORIES } from '../../checks/check.ts';
import type { VerifyReport } from '../../checks/verify/report.ts';
import type { World } from '../../world.ts';
import { checkMesh } from '../check/check.ts';
import type { ClusterOptions } from '../connection/cluster.ts';

export interface MeshOptions {
  readonly cluster: ClusterOptions;
  readonly namespace?: string;
  readonly kubectlOptions: readonly string[];
}

/** The mesh as its cluster shows it, by the checks of `meshx check`. A pod counts as running when it is ready, not when it was created. */
export async function verifyMesh(world: World, options: MeshOptions): Promise<VerifyReport> {
  const report = await checkMesh(world, { ...options, vms: [], only: [], accepted: [] });
  const groups = CATEGORIES.map((category) => ({
    title: category,
    results: report.results.filter((result) => result.category === category),
  }));
  return {
    subject: `mesh ${report.cluster}`,
    groups: groups.filter(({ results }) => results.length > 0),
    ms: report.ms,
  };
}
