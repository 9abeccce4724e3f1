// Sits at the operator's workstation, inside its network, so that measured programs are started without a detour:
// node server.mjs CONTROL_SOCKET. One question (protocol.ts) is a POST, its answer {"value": …} or {"error": …}.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Question } from './protocol.ts';
import { sendBytes } from './send.ts';
import { makeServices } from './services.ts';
import { timedSpawn } from './spawn.ts';
import { coldCommand, copyFile, openCommand } from './ssh.ts';

async function answer(question: Question): Promise<unknown> {
  switch (question.ask) {
    case 'spawn':
      return await timedSpawn(question);
    case 'cold':
      return await coldCommand(question.vm);
    case 'open':
      return await openCommand(question.vm);
    case 'copy':
      return await copyFile(question.vm, question.from, question.to);
    case 'services':
      return await makeServices(question.namespace, question.first, question.last);
    case 'send':
      return await sendBytes(question.address, question.port, question.bytes);
  }
}

// A connection that is kept open may be lost with its VM: that is the sample's failure, not the server's.
process.on('uncaughtException', (error) => console.error(error));
const [control = ''] = process.argv.slice(2);
rmSync(control, { force: true });
createServer((incoming, response) => {
  // as: test/bench/inside.ts sends questions only.
  const asked = json(incoming) as Promise<Question>;
  void asked.then(answer).then(
    (value) => response.end(JSON.stringify({ value })),
    (error: unknown) => response.end(JSON.stringify({ error: String(error) })),
  );
}).listen(control);
