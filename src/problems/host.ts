import { known } from '../problems.ts';

interface At {
  readonly host: string;
}

interface Doing extends At {
  /** The program or the script's name, never its values. */
  readonly doing: string;
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** What can go wrong between meshx and a machine: the way there, its identity, ours, and each command. */
export const hostProblems = {
  nameInvalid: known('ssh-name-invalid', (d: { name: string; reason: string }) => ({
    message: `${JSON.stringify(d.name.slice(0, 80))} is not a machine name: ${d.reason}.`,
    hint: 'Use user@host, an alias from ~/.ssh/config, or ssh://user@host:port',
  })),
  configInvalid: known('ssh-config-invalid', (d: { files: readonly string[]; issues: readonly string[] }) => ({
    message: `The SSH configuration cannot be used (${d.issues.length} ${d.issues.length === 1 ? 'issue' : 'issues'} in ${d.files.join(', ')}).`,
    hint: 'Correct these lines, or give another file with --ssh-config',
    issues: d.issues,
  })),
  fileUnreadable: known('ssh-file-unreadable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot be read or written: ${d.reason}.`,
    hint: `Check it with: ls -l ${d.file}`,
  })),
  jumpLoop: known('ssh-jump-loop', (d: { chain: readonly string[] }) => ({
    message: `The jump hosts form a loop or are too many: ${d.chain.join(' → ')}.`,
    hint: 'Correct ProxyJump in the SSH configuration; "ProxyJump none" ends a chain.',
  })),
  notFound: known('ssh-host-not-found', (d: At & { address: string }) => ({
    message: `${d.host}: cannot resolve ${d.address}.`,
    hint: 'Check the spelling, or use the address: user@10.0.0.5, or HostName in ~/.ssh/config',
  })),
  refused: known('ssh-connection-refused', (d: At & { address: string; port: number }) => ({
    message: `${d.host}: nothing answers SSH on ${d.address} port ${d.port} (connection refused).`,
    hint: 'Start sshd on the machine, or give its port with --port',
  })),
  unreachable: known('ssh-host-unreachable', (d: At & { address: string; port: number; reason: string }) => ({
    message: `${d.host}: ${d.address} port ${d.port} is unreachable: ${d.reason}.`,
    hint: 'Check the network, the firewall rules for SSH, and whether a jump host (ProxyJump) is needed.',
  })),
  handshakeTimedOut: known('ssh-handshake-timed-out', (d: At & { phase: string; ms: number }) => ({
    message: `${d.host} did not finish the ${d.phase} within ${seconds(d.ms)}.`,
    hint: `Test it with: ssh -v ${d.host} true`,
  })),
  notSsh: known('ssh-peer-not-ssh', (d: At & { address: string; port: number; said: string }) => ({
    message: `${d.host}: ${d.address} port ${d.port} does not speak SSH${d.said === '' ? '' : `; it sent ${JSON.stringify(d.said)}`}.`,
    hint: 'Give the sshd port with --port, or correct Port, ProxyJump or ProxyCommand in the SSH configuration.',
  })),
  handshakeFailed: known('ssh-handshake-failed', (d: At & { reason: string }) => ({
    message: `${d.host}: the SSH handshake failed: ${d.reason}.`,
    hint: `See what the machine offers: ssh -v ${d.host} true`,
  })),
  proxyCommandFailed: known('ssh-proxy-command-failed', (d: At & { program: string; said: string }) => ({
    message: `${d.host}: the ProxyCommand (${d.program}) ended before SSH could begin${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: 'Run the ProxyCommand of your SSH configuration by hand to see its error.',
  })),
  forwardRefused: known(
    'ssh-forward-refused',
    (d: { jump: string; address: string; port: number; reason: string }) => ({
      message: `The jump host ${d.jump} cannot reach ${d.address} port ${d.port}: ${d.reason}.`,
      hint: `Check AllowTcpForwarding on ${d.jump} and its route to the machine: ssh ${d.jump} nc -z ${d.address} ${d.port}`,
    }),
  ),
  hostKeyUnknown: known('ssh-host-key-unknown', (d: At & { type: string; fingerprint: string }) => ({
    message: `${d.host} presented an unknown host key (${d.type} ${d.fingerprint}).`,
    hint: `Compare it with the key on the machine's console. If they match: --host-key-fingerprint ${d.fingerprint}`,
  })),
  hostKeyChanged: known('ssh-host-key-changed', (d: At & { type: string; fingerprint: string; where: string }) => ({
    message: `${d.host} presented a host key (${d.type} ${d.fingerprint}) that differs from the one in ${d.where}. Either the machine was rebuilt, or the connection is being intercepted.`,
    hint: `Compare the key with the machine's console; only then correct ${d.where}.`,
  })),
  hostKeyRevoked: known('ssh-host-key-revoked', (d: At & { fingerprint: string; where: string }) => ({
    message: `${d.host} presented a host key that is revoked by ${d.where} (${d.fingerprint}).`,
    hint: 'Do not connect. Give the machine a new host key; the revoked one is compromised.',
  })),
  hostKeyNotPinned: known('ssh-host-key-not-pinned', (d: At & { fingerprint: string; wanted: string }) => ({
    message: `${d.host} presented a host key with fingerprint ${d.fingerprint}, not ${d.wanted}.`,
    hint: `Compare both with the machine's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
  })),
  fingerprintInvalid: known('ssh-fingerprint-invalid', (d: { fingerprint: string }) => ({
    message: `${JSON.stringify(d.fingerprint.slice(0, 80))} is not a fingerprint.`,
    hint: 'Use the form that ssh-keygen -lf prints: SHA256: and 43 characters.',
  })),
  sshProgramMissing: known('ssh-program-missing', (d: At & { why: string }) => ({
    message: `${d.host}: ${d.why}. This needs the system's ssh program, which is not installed here.`,
    hint: 'Install the OpenSSH client. With a pinned key no host certificate is needed: --host-key-fingerprint',
  })),
  sshProgramFailed: known('ssh-program-failed', (d: At & { said: string }) => ({
    message: `${d.host}: the system's ssh could not connect${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: `Test it with: ssh -o BatchMode=yes ${d.host} true`,
  })),
  authenticationRefused: known(
    'ssh-authentication-refused',
    (d: At & { user: string; tried: readonly string[]; accepts: readonly string[] }) => ({
      message: `${d.host} rejected every key offered for user ${d.user}.`,
      hint: `Give the right key with --identity-file, or the right user with --user NAME. Test with: ssh -v ${d.user}@${d.host}`,
      issues: [
        ...(d.tried.length === 0 ? ['no key to offer'] : d.tried.map((one) => `tried ${one}`)),
        ...(d.accepts.length === 0 ? [] : [`the server accepts: ${d.accepts.join(', ')}`]),
      ],
    }),
  ),
  keyEncrypted: known('ssh-key-encrypted', (d: At & { files: readonly string[]; tried: readonly string[] }) => ({
    message: `${d.host}: ${d.files.join(', ')} ${d.files.length === 1 ? 'is' : 'are'} protected by a passphrase, and no other key was accepted.`,
    hint: `Add the key to the agent: ssh-add ${d.files[0] ?? ''}`,
    issues: d.tried.map((one) => `tried ${one}`),
  })),
  identityUnreadable: known('ssh-identity-unreadable', (d: { file: string; reason: string }) => ({
    message: `The identity file ${d.file} cannot be used: ${d.reason}.`,
    hint: `Check it with: ssh-keygen -y -f ${d.file}`,
  })),
  channelRefused: known('ssh-channel-refused', (d: Doing & { reason: string }) => ({
    message: `${d.host} refused a channel for ${d.doing}: ${d.reason}.`,
    hint: 'Check MaxSessions and ForceCommand in sshd_config on the machine.',
  })),
  connectionLost: known('host-connection-lost', (d: Doing & { reason: string }) => ({
    message: `${d.host}: the connection was lost while ${d.doing} was running (${d.reason}). It may or may not have finished.`,
    hint: 'Run the same command again when the machine is reachable; completed steps are not repeated.',
  })),
  timedOut: known('host-command-timed-out', (d: Doing & { ms: number }) => ({
    message: `${d.host}: ${d.doing} did not finish within ${seconds(d.ms)} and was stopped.`,
    hint: 'Check on the machine what it is waiting for, then run the same command again. If the machine is only slow, add --step-timeout SECONDS.',
  })),
  interrupted: known('host-command-interrupted', (d: Doing) => ({
    message: `${d.host}: ${d.doing} was stopped because meshx was interrupted.`,
    hint: 'Run the same command again; completed steps are not repeated.',
  })),
  outputTooBig: known('host-output-too-big', (d: Doing & { bytes: number }) => ({
    message: `${d.host}: ${d.doing} was stopped: it, or all running commands together, printed more than ${Math.floor(d.bytes / 1048576)} MiB.`,
    hint: 'Check on the machine what it prints.',
  })),
  stdinFailed: known('host-stdin-failed', (d: Doing & { reason: string }) => ({
    message: `${d.host}: the input of ${d.doing} could not be read to its end (${d.reason}), so it was stopped.`,
    hint: 'Check that the file still exists and is readable, then run the same command again.',
  })),
  shellUnusable: known('host-shell-unusable', (d: Doing & { said: string }) => ({
    message: `${d.host} did not start ${d.doing}${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: 'Use a user with a POSIX login shell and without ForceCommand.',
  })),
  sudoRefused: known('sudo-refused', (d: Doing & { said: string }) => ({
    message: `${d.host}: sudo did not allow ${d.doing}${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: `Log in as root, or grant the right with: meshx sudoers ${d.host} --install; if sudo needs a password: --sudo-password-file FILE`,
  })),
  rootProgramLacks: known('root-program-outdated', (d: Doing) => ({
    message: `${d.host}: its root program does not know ${d.doing}: it is from another version of meshx. Nothing was run.`,
    hint: `As a user who can become root, install this version's program: meshx sudoers ${d.host} --install`,
  })),
  sudoersRefused: known('sudoers-refused', (d: At & { said: string }) => ({
    message: `${d.host}: visudo rejected the sudoers file: ${d.said}. Nothing was written.`,
    hint: 'Inspect the file with: meshx sudoers --for USER. Digests need sudo 1.8.7 or later: sudo -V',
  })),
  sudoersUnread: known('sudoers-unread', (d: At & { sudoer: string; said: string }) => ({
    message: `${d.host}: the sudoers file is installed, but sudo does not grant ${d.sudoer} the right: ${d.said}.`,
    hint: 'Check that the user exists, and that /etc/sudoers reads /etc/sudoers.d: visudo -c',
  })),
  sudoPasswordWrong: known('sudo-password-wrong', (d: At) => ({
    message: `${d.host}: sudo rejected the password.`,
    hint: "Run the same command again and enter the user's password on that machine.",
  })),
};
