const TOP = 'bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var lost+found';
const BELOW: Readonly<Record<string, string>> = {
  '/usr': 'bin include lib lib32 lib64 libexec local sbin share src',
  '/usr/local': 'bin etc games include lib man sbin share src',
  '/usr/lib': 'systemd systemd/system tmpfiles.d sysusers.d',
  '/lib': 'systemd systemd/system',
  '/var': 'backups cache lib lock log mail opt run spool tmp',
  '/var/lib': 'apt dpkg rpm systemd dbus mysql postgresql docker containerd',
  '/etc':
    'apt cron.d default init.d logrotate.d network pam.d profile.d security ssh ssl sudoers.d sysctl.d systemd systemd/system tmpfiles.d',
  '/run': 'lock systemd systemd/system user shm udev dbus',
};

/**
 * Directories that every machine has (hier(7), file-hierarchy(7)) or that contain user data: a journal in which one of them was absent
 * before meshx is damaged, and following it would destroy the machine.
 */
export const systemDirectories: ReadonlySet<string> = new Set([
  '/',
  ...TOP.split(' ').map((name) => `/${name}`),
  ...Object.entries(BELOW).flatMap(([above, names]) => names.split(' ').map((name) => `${above}/${name}`)),
]);
