import type { Kind } from '../kind.ts';
import { UNDO_FUNCTIONS } from '../undo-shell.ts';

/** Whether a unit starts at boot. */
export interface EnabledWant {
  readonly kind: 'enabled';
  readonly name: string;
  readonly enabled: boolean;
}

// The links that [Install] asks for, as `systemctl enable` would make them; an image may be built where no systemctl is.
const LINKS = `unit_file() {
  for dir in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    for name in "$1" "$(printf %s "$1" | sed 's/@[^@]*\\(\\.[a-z]*\\)$/@\\1/')"; do
      place "$dir/$name" && test -f "$P" && test ! -h "$P" && { echo "$W"; return; }
    done
  done
}
install_value() {
  place "$1" all && sed -n "/^\\[Install\\]/,/^\\[/s/^$2[ \\t]*=[ \\t]*//p" "$P"
}
links() {
  for target in $(install_value "$2" WantedBy); do echo "/etc/systemd/system/$target.wants/$1"; done
  for target in $(install_value "$2" RequiredBy); do echo "/etc/systemd/system/$target.requires/$1"; done
  for alias in $(install_value "$2" Alias); do echo "/etc/systemd/system/$alias"; done
}
`;

// With a root systemctl looks by itself and asks no one: systemd may be reading its unit files just now, as after the confirmation.
export const PROBE = `if live; then say "$(systemctl is-enabled --root=/ -- "$1" 2>/dev/null)"; return; fi
${LINKS}file=$(unit_file "$1")
test -n "$file" || { say not-found; return; }
state=enabled
for link in $(links "$1" "$file"); do place "$link" && test -h "$P" || state=disabled; done
say "$state"`;

// What systemctl makes on a machine it takes away again when the unit is disabled; the links of an image are paths as others.
const SWITCH = `if live; then systemctl "$2" -- "$1"; exit; fi
${UNDO_FUNCTIONS}${LINKS}file=$(unit_file "$1")
test -n "$file" || { echo "no unit file for $1" >&2; exit 1; }
undo_open '' || exit
for link in $(links "$1" "$file"); do
  keep_path "$link" && wrote "link=$(printf %s "$file" | base64 -w 0)" "$link" && place "$link" make || exit
  if test "$2" = enable; then ln -sfnT -- "$file" "$P"; else rm -f -- "$P"; fi || exit
done
undo_close`;

/** `systemctl is-enabled` words that mean: starts at boot, or cannot be switched. `static` and the like have no [Install]. */
const AT_BOOT: readonly string[] = ['enabled', 'static', 'alias', 'generated', 'indirect'];

export const enabled: Kind<EnabledWant> = {
  id: (want) => `enabled:${want.name}`,
  probe: (want) => ({ name: 'enabled', args: [want.name] }),
  touches: (want) => ({ units: [want.name] }),

  changes(want, answer) {
    const state = answer.stdout.trim();
    if (want.enabled ? AT_BOOT.includes(state) : state !== 'enabled') return [];
    const verb = want.enabled ? 'enable' : 'disable';
    const script = { name: 'unit-enable', text: SWITCH, args: [want.name, verb] };
    return [{ summary: `${verb} ${want.name}`, scripts: [{ script }] }];
  },
};

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [SWITCH];
