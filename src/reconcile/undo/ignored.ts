/** A difference between two snapshots that meshx did not cause. */
export interface Ignored {
  readonly area: string;
  /** Regular expression for the whole name. */
  readonly matches: string;
  readonly reason: string;
}

/** Differences that `down --verify` ignores: at most 10, each with its reason. */
export const IGNORED: readonly Ignored[] = [
  {
    area: 'file',
    matches: '/etc/(passwd|group|shadow|gshadow|subuid|subgid)(-|\\+|\\.lock)',
    reason: 'useradd and userdel keep the former file of accounts by themselves, and a new one while they write',
  },
  {
    area: 'file',
    matches: '/etc/ld\\.so\\.cache|/var/cache/ldconfig.*',
    reason: 'the cache of shared libraries is written again by each installation of a package',
  },
  {
    area: 'file',
    matches:
      '/var/log/((dpkg|alternatives|auth|kern|user|daemon|cron|mail)\\.log|syslog|messages|secure|maillog|sudo\\.log|apt|apt/.*|dnf.*|hawkey\\.log|lastlog|faillog|btmp|wtmp)([.-][0-9]+(\\.[a-z0-9]+)?)?',
    reason: 'logs of the package manager and of logins say what happened',
  },
  {
    area: 'file',
    matches:
      '/run/(sudo|utmp|user|screen|motd\\.dynamic(\\.new)?|unattended-upgrades\\.lock|xtables\\.lock|ufw\\.lock)',
    reason:
      'locks and records that sudo, logins, upgrades, iptables and ufw make, some for a moment only; gone with the next boot',
  },
  {
    area: 'unit',
    matches: 'network-online\\.target|[a-zA-Z-]+-wait-online\\.service',
    reason: 'what waits for the network stays reached once something asked for it',
  },
  {
    area: 'unit',
    matches: '(multi-user|graphical)\\.target',
    reason: 'a machine that was joined while it booted reaches them later',
  },
  {
    area: 'unit',
    matches: '(NetworkManager-dispatcher|systemd-(hostnamed|localed|timedated)|packagekit)\\.service',
    reason: 'D-Bus starts them for a question, and they end by themselves when no program asks any more',
  },
  {
    area: 'sysctl',
    matches: 'net\\.(netfilter\\..*|nf_conntrack.*|ipv[46]\\.(netfilter\\..*|ip_conntrack.*))',
    reason: 'connection tracking stays loaded in the kernel until the next boot; without rules it does nothing',
  },
  {
    area: 'sysctl',
    matches:
      '(kernel\\.(tainted|threads-max|sched_|numa_balancing)|vm\\.(nr_|min_free_kbytes)|user\\.max_|fs\\.epoll\\.|net\\.ipv4\\.tcp_fastopen_key).*',
    reason: 'the kernel sets these by its own measure, or anew at each boot',
  },
];
