import { meshProblems } from '../problems/mesh.ts';
import { present } from '../present.ts';
import { parseName } from './names.ts';
import { parsePort } from './service-port.ts';

/** One service of the mesh. */
export interface MeshTarget {
  /** Full name: productpage.default.svc.cluster.local. */
  readonly host: string;
  readonly port: number;
  /** The Service's cluster IP, when it is known; the name must resolve to it. */
  readonly clusterIp?: string;
  /** Path of a GET when the service speaks HTTP; without it a TCP connection is opened. */
  readonly path?: string;
}

/** A service of the mesh as given in an option. */
export interface TypedTarget {
  readonly name: string;
  readonly port: number;
  readonly path?: string;
}

const FORM = 'NAME:PORT, NAME.NAMESPACE:PORT or NAME:PORT/PATH, as productpage.default:9080/health';

/** Reads `--mesh-service`. Throws `bad-name`, `bad-port`. */
export function parseMeshTarget(word: string): TypedTarget {
  const [, name, port, path] = /^([^:/]+):([^/]+)(\/[!-~]*)?$/.exec(word) ?? [];
  if (name === undefined || port === undefined)
    throw meshProblems.badPort({ text: word, wanted: 'a service of the mesh with its port', form: FORM });
  return { name: parseName(name, 'subdomain'), port: parsePort(port), ...present({ path }) };
}
