import { tellJoin } from '../../src/cli/join/text.ts';
import type { AgentObstacle } from '../../src/operations/join/run.ts';

function told(because: AgentObstacle): readonly string[] {
  const lines: string[] = [];
  const say = (more: string | readonly string[]) => void lines.push(...[more].flat());
  tellJoin({ vm: 'db-1', say, again: 'meshx up db-1' })({ kind: 'agent-left-out', because });
  return lines;
}

test.each<[AgentObstacle, RegExp]>([
  [{ kind: 'not-executable' }, /Node\.js runs this meshx.*: meshx up db-1 --agent-executable FILE$/],
  [{ kind: 'processor', own: 'amd64', machine: 'arm64' }, /for amd64, and db-1 is arm64\..* --agent-executable FILE$/],
  [{ kind: 'group', group: 'db' }, /WorkloadGroup db have none\..*: meshx up db-1 --workload-group NAME$/],
])('a VM that gets no agent: %j is one line with the command that installs one', (because, line) => {
  expect(told(because)).toEqual([expect.stringMatching(/^note: db-1 gets no agent, as /)]);
  expect(told(because)).toEqual([expect.stringMatching(line)]);
});
