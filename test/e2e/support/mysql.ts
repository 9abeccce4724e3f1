import type { Ran } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { mysqlArgv } from './ratings.ts';

/** A query by the mysql client in a pod's or plain host's network: `mysqldb.vm.svc.cluster.local` is what the pods say. */
export async function query(lab: Lab, from: string, host: string, sql: string): Promise<Ran> {
  return await lab.in(from, mysqlArgv(host, sql));
}

/** The rows of the ratings table, as the mysql client prints them. */
export async function ratings(lab: Lab, from: string, host: string): Promise<string> {
  const ran = await query(lab, from, host, 'select ReviewID, Rating from ratings order by ReviewID');
  if (ran.exitCode !== 0) throw new Error(`mysql -h ${host} from ${from}: ${ran.stderr}`);
  return ran.stdout;
}
