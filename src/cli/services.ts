import { parseName } from '../mesh/names.ts';
import { parseServicePorts } from '../mesh/service-port.ts';
import type { MeshService } from '../mesh/workload.ts';
import { meshProblems } from '../problems/mesh.ts';

const FORM = 'NAME:PORT or NAME:PROTOCOL:PORT, as mysqldb:3306 or web:http:8080';

/**
 * The words of `--service`: the name up to the first colon, then a port as `register` takes it. The same name again adds
 * a port. Throws the Problems of names and ports.
 */
export function parseServices(words: readonly string[]): readonly MeshService[] {
  const ports = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf(':');
    if (at < 0) throw meshProblems.badPort({ text: word, wanted: 'a service with its port', form: FORM });
    const name = parseName(word.slice(0, at), 'service');
    ports.set(name, [...(ports.get(name) ?? []), word.slice(at + 1)]);
  }
  return [...ports].map(([name, texts]) => ({ name, ports: parseServicePorts(texts) }));
}
