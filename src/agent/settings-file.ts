import { readFile } from 'node:fs/promises';
import { agentProblems } from '../problems/agent.ts';
import { type AgentSettings, parseAgentSettings } from './settings.ts';

/** Reads agent.yaml. Throws `agent-file-invalid`, also when there is no such file. */
export async function readAgentSettings(path: string): Promise<AgentSettings> {
  return parseAgentSettings(await textOf(path), path);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw agentProblems.fileInvalid({ file: path, issues: [`${path}: it cannot be read (${reason})`] }, error);
  }
}
