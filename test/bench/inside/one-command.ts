// What a whole process costs that runs one command by SshHost: node one-command.mjs VM
import { coldCommand } from './ssh.ts';

await coldCommand(process.argv[2] ?? '');
