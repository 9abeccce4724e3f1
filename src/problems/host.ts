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
    message: `${JSON.stringify(d.name.slice(0, 80))} is not the name of a machine: ${d.reason}.`,
    hint: 'Write user@host, an alias of ~/.ssh/config, or ssh://user@host:port',
  })),
  configInvalid: known('ssh-config-invalid', (d: { files: readonly string[]; issues: readonly string[] }) => ({
    message: `The SSH configuration cannot be used (${d.issues.length} ${d.issues.length === 1 ? 'issue' : 'issues'} in ${d.files.join(', ')}).`,
    hint: 'Correct the lines named here, or give another file with --ssh-config',
    issues: d.issues,
  })),
  fileUnreadable: known('ssh-file-unreadable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot be read or written: ${d.reason}.`,
    hint: `Look at it with: ls -l ${d.file}`,
  })),
  jumpLoop: known('ssh-jump-loop', (d: { chain: readonly string[] }) => ({
    message: `The jump hosts lead in a circle or are too many: ${d.chain.join(' → ')}.`,
    hint: 'Correct ProxyJump in the SSH configuration; "ProxyJump none" ends a chain.',
  })),
  notFound: known('ssh-host-not-found', (d: At & { address: string }) => ({
    message: `${d.host}: no address is known for ${d.address}.`,
    hint: 'Check the spelling, or name the address: user@10.0.0.5, or HostName in ~/.ssh/config',
  })),
  refused: known('ssh-connection-refused', (d: At & { address: string; port: number }) => ({
    message: `${d.host}: nothing answers SSH on ${d.address} port ${d.port} (connection refused).`,
    hint: 'Start sshd on the machine, or give the right port with --port',
  })),
  unreachable: known('ssh-host-unreachable', (d: At & { address: string; port: number; reason: string }) => ({
    message: `${d.host}: ${d.address} port ${d.port} cannot be reached: ${d.reason}.`,
    hint: 'Check the network, the firewall for the SSH port, and whether a jump host (ProxyJump) is needed.',
  })),
  handshakeTimedOut: known('ssh-handshake-timed-out', (d: At & { phase: string; ms: number }) => ({
    message: `${d.host} did not finish the ${d.phase} within ${seconds(d.ms)}.`,
    hint: `Try it by hand: ssh -v ${d.host} true`,
  })),
  notSsh: known('ssh-peer-not-ssh', (d: At & { address: string; port: number; said: string }) => ({
    message: `${d.host}: ${d.address} port ${d.port} does not speak SSH${d.said === '' ? '' : `; it said ${JSON.stringify(d.said)}`}.`,
    hint: 'Give the port of sshd with --port, or correct Port, ProxyJump or ProxyCommand in the SSH configuration.',
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
      message: `The jump host ${d.jump} does not reach ${d.address} port ${d.port}: ${d.reason}.`,
      hint: `Check AllowTcpForwarding on ${d.jump} and that it reaches the machine: ssh ${d.jump} nc -z ${d.address} ${d.port}`,
    }),
  ),
  hostKeyUnknown: known('ssh-host-key-unknown', (d: At & { type: string; fingerprint: string }) => ({
    message: `${d.host} presented a host key that is not known here (${d.type} ${d.fingerprint}).`,
    hint: `Compare it with the machine's console. If they are equal: --host-key-fingerprint ${d.fingerprint}`,
  })),
  hostKeyChanged: known('ssh-host-key-changed', (d: At & { type: string; fingerprint: string; where: string }) => ({
    message: `${d.host} presented another host key (${d.type} ${d.fingerprint}) than the one recorded in ${d.where}: either the machine was made anew, or somebody is in between.`,
    hint: `Compare the key with the machine's console; only then correct ${d.where}.`,
  })),
  hostKeyRevoked: known('ssh-host-key-revoked', (d: At & { fingerprint: string; where: string }) => ({
    message: `${d.host} presented a host key that is revoked by ${d.where} (${d.fingerprint}).`,
    hint: 'Do not connect. Give the machine a new host key; the revoked one is in the wrong hands.',
  })),
  hostKeyNotPinned: known('ssh-host-key-not-pinned', (d: At & { fingerprint: string; wanted: string }) => ({
    message: `${d.host} presented a host key with fingerprint ${d.fingerprint}, not ${d.wanted}.`,
    hint: `Compare both with the machine's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
  })),
  fingerprintInvalid: known('ssh-fingerprint-invalid', (d: { fingerprint: string }) => ({
    message: `${JSON.stringify(d.fingerprint.slice(0, 80))} is not a fingerprint.`,
    hint: 'Write it as ssh-keygen -lf prints it: SHA256: and 43 characters.',
  })),
  sshProgramMissing: known('ssh-program-missing', (d: At & { why: string }) => ({
    message: `${d.host}: ${d.why}. Only the system's ssh program can do that, and there is none here.`,
    hint: 'Install the OpenSSH client. A host certificate is not needed when the key is pinned: --host-key-fingerprint',
  })),
  sshProgramFailed: known('ssh-program-failed', (d: At & { said: string }) => ({
    message: `${d.host}: the system's ssh could not connect${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: `Try it by hand: ssh -o BatchMode=yes ${d.host} true`,
  })),
  authenticationRefused: known(
    'ssh-authentication-refused',
    (d: At & { user: string; tried: readonly string[]; accepts: readonly string[] }) => ({
      message: `${d.host} accepts none of the keys offered for user ${d.user}.`,
      hint: `Give the right key with --identity-file, or the right user: --user NAME. By hand: ssh -v ${d.user}@${d.host}`,
      issues: [
        ...(d.tried.length === 0 ? ['there was no key to offer'] : d.tried.map((one) => `tried ${one}`)),
        ...(d.accepts.length === 0 ? [] : [`the server accepts: ${d.accepts.join(', ')}`]),
      ],
    }),
  ),
  keyEncrypted: known('ssh-key-encrypted', (d: At & { files: readonly string[]; tried: readonly string[] }) => ({
    message: `${d.host}: ${d.files.join(', ')} ${d.files.length === 1 ? 'is' : 'are'} protected by a passphrase, and no other key was accepted.`,
    hint: `Put the key into the agent first: ssh-add ${d.files[0] ?? ''}`,
    issues: d.tried.map((one) => `tried ${one}`),
  })),
  identityUnreadable: known('ssh-identity-unreadable', (d: { file: string; reason: string }) => ({
    message: `The identity file ${d.file} cannot be used: ${d.reason}.`,
    hint: `Check it with: ssh-keygen -y -f ${d.file}`,
  })),
  channelRefused: known('ssh-channel-refused', (d: Doing & { reason: string }) => ({
    message: `${d.host} opened no channel for ${d.doing}: ${d.reason}.`,
    hint: 'Check MaxSessions and ForceCommand in sshd_config on the machine.',
  })),
  connectionLost: known('host-connection-lost', (d: Doing & { reason: string }) => ({
    message: `${d.host}: the connection was lost while ${d.doing} was running (${d.reason}). It is not known whether it finished.`,
    hint: 'Run the same meshx command again when the machine answers; finished steps are not repeated.',
  })),
  timedOut: known('host-command-timed-out', (d: Doing & { ms: number }) => ({
    message: `${d.host}: ${d.doing} did not finish within ${seconds(d.ms)} and was stopped.`,
    hint: 'Look on the machine at what it waits for; then run the same meshx command again, where it is only slow with --step-timeout SECONDS.',
  })),
  interrupted: known('host-command-interrupted', (d: Doing) => ({
    message: `${d.host}: ${d.doing} was stopped because meshx was interrupted.`,
    hint: 'Run the same meshx command again; finished steps are not repeated.',
  })),
  outputTooBig: known('host-output-too-big', (d: Doing & { bytes: number }) => ({
    message: `${d.host}: ${d.doing} printed more than ${Math.floor(d.bytes / 1048576)} MiB, or all running commands did together, and was stopped.`,
    hint: 'Look on the machine at what it prints.',
  })),
  stdinFailed: known('host-stdin-failed', (d: Doing & { reason: string }) => ({
    message: `${d.host}: what was to be sent to ${d.doing} could not be read to its end (${d.reason}); it was stopped.`,
    hint: 'Check that the file is still there and readable, then run the same meshx command again.',
  })),
  shellUnusable: known('host-shell-unusable', (d: Doing & { said: string }) => ({
    message: `${d.host} did not start ${d.doing}${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: 'Use a user whose login shell is a POSIX shell and who may run commands (no ForceCommand).',
  })),
  sudoRefused: known('sudo-refused', (d: Doing & { said: string }) => ({
    message: `${d.host}: sudo did not allow ${d.doing}${d.said === '' ? '' : `: ${d.said}`}.`,
    hint: 'Log in as root, or give the user the right with: meshx sudoers VM --install; with a password use --sudo-password-file FILE',
  })),
  rootProgramLacks: known('root-program-outdated', (d: Doing) => ({
    message: `${d.host}: the root program there does not know ${d.doing}: it is of another version of meshx. Nothing was run.`,
    hint: `Have somebody who may become root put this version's there: meshx sudoers ${d.host} --install`,
  })),
  sudoersRefused: known('sudoers-refused', (d: At & { said: string }) => ({
    message: `${d.host}: visudo does not accept the sudoers file: ${d.said}. Nothing was written.`,
    hint: 'Look at the file with: meshx sudoers --for USER; sudo 1.8.7 or later knows digests: sudo -V',
  })),
  sudoersUnread: known('sudoers-unread', (d: At & { sudoer: string; said: string }) => ({
    message: `${d.host}: the sudoers file stands there, and sudo does not give ${d.sudoer} the right: ${d.said}.`,
    hint: 'Check that the user exists, and that /etc/sudoers reads /etc/sudoers.d: visudo -c',
  })),
  sudoPasswordWrong: known('sudo-password-wrong', (d: At) => ({
    message: `${d.host}: sudo did not accept the password.`,
    hint: 'Run the same command again and type the password of the user on that machine.',
  })),
};
