// An SSH server that answers each command as one VM answered it the first time, so that it can stand for hundreds of VMs:
// tsx scripts/replay-vm.ts SSH_CONFIG VM. Prints its port. Used by scripts/fleet-scale.ts.
import { spawn } from 'node:child_process';
import ssh2 from 'ssh2';
import { keyPair } from '../test/support/ssh-server.ts';

const [, , config = '', vm = ''] = process.argv;

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const known = new Map<string, Promise<Answer>>();
/** Commands are framed by tokens that are new for each run. */
const TOKEN = /meshx-[0-9a-f]{24}/g;

/** The text with numbered tokens, and the tokens. Bytes are kept as Latin-1. */
function plain(text: string, tokens: string[]): string {
  return text.replaceAll(TOKEN, (token) => {
    if (!tokens.includes(token)) tokens.push(token);
    return `<${tokens.indexOf(token)}>`;
  });
}

async function ask(line: string, stdin: Buffer): Promise<Answer> {
  const child = spawn('ssh', ['-F', config, '-o', 'BatchMode=yes', vm, line], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString('latin1')));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString('latin1')));
  child.stdin.on('error', () => undefined).end(stdin);
  return await new Promise((resolve) =>
    child.on('close', (code) => resolve({ exitCode: code ?? 255, stdout, stderr })),
  );
}

async function answer(line: string, stdin: Buffer): Promise<Answer> {
  const tokens: string[] = [];
  const key = plain(`${line}\n${stdin.toString('latin1')}`, tokens);
  const first = known.get(key);
  const found =
    first ??
    ask(line, stdin).then((real) => ({
      ...real,
      stdout: plain(real.stdout, tokens),
      stderr: plain(real.stderr, tokens),
    }));
  known.set(key, found);
  const back = (text: string): string =>
    text.replaceAll(/<(\d)>/g, (whole, index: string) => tokens[Number(index)] ?? whole);
  const { exitCode, stdout, stderr } = await found;
  return { exitCode, stdout: back(stdout), stderr: back(stderr) };
}

const server = new ssh2.Server({ hostKeys: [keyPair().privateKey] }, (client) => {
  client.on('error', () => undefined);
  client.on('authentication', (attempt) =>
    attempt.method === 'none' ? attempt.reject(['publickey']) : attempt.accept(),
  );
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      const parts: Buffer[] = [];
      channel.on('data', (part: Buffer) => parts.push(part));
      channel.on('end', () => {
        void answer(command, Buffer.concat(parts)).then(({ exitCode, stdout, stderr }) => {
          channel.stderr.write(Buffer.from(stderr, 'latin1'));
          channel.write(Buffer.from(stdout, 'latin1'));
          channel.exit(exitCode);
          channel.end();
        });
      });
    });
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as { readonly port: number }).port));
