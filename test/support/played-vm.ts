import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyPair, sshServer, type SshServer } from './ssh-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A VM that a real SSH server plays on this machine: its files are below `vm` of the operator's home, its programs in `bin`. */
export interface PlayedVm {
  /** Home of the operator, with a key and an ssh_config. */
  readonly home: string;
  readonly bin: string;
  /** Makes a program of the VM: a shell script. */
  readonly program: (name: string, text: string) => void;
  readonly serve: () => Promise<SshServer>;
}

/** `config`: text of the operator's ssh_config, at `config` of the home. The key is `.ssh/id_ed25519`. */
export function playedVm(config = ''): PlayedVm {
  const [home, bin] = [temporaryFolder(), temporaryFolder()];
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  mkdirSync(join(home, 'vm/var/log/istio'), { recursive: true });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  writeFileSync(join(home, 'config'), config);
  copyFileSync(new URL('sudo.sh', import.meta.url), join(bin, 'sudo'));
  chmodSync(join(bin, 'sudo'), 0o755);
  const serve = () => sshServer({ wrap: `MESHX_ROOT='${home}/vm' sh -c "$SSH_ORIGINAL_COMMAND"`, path: bin });
  return { home, bin, program, serve };
}
