import { type LinkState, type PacketPath, type PathStage, pathOf } from '../path.ts';
import type { UiService, UiVm } from '../ui-state.ts';

const [BOX, GAP, HEIGHT, TOP] = [170, 120, 62, 96];
const SIGNS: Readonly<Record<LinkState, string>> = { ok: '✓', warn: '▲', bad: '✕', off: '–', unknown: '?' };

interface Props {
  readonly vm: UiVm;
  readonly service: UiService | undefined;
}

/** The way of a packet to a service of a VM. Its description says the same in words. */
export function PathPicture({ vm, service }: Props) {
  const path = pathOf(vm, service);
  const { stages, control, verdict } = path;
  const width = stages.length * BOX + (stages.length - 1) * GAP + 4;
  const steered = stages.findIndex(({ title }) => title.startsWith('VM'));
  const x = 2 + steered * (BOX + GAP) + BOX / 2;
  return (
    <>
      <p>{verdict}</p>
      <div class="picture" role="region" aria-label="Picture of the path" tabIndex={0}>
        <svg
          role="img"
          aria-labelledby="path-name path-words"
          width={width}
          height={TOP + HEIGHT + 8}
          viewBox={`0 0 ${width} ${TOP + HEIGHT + 8}`}
        >
          <title id="path-name">{`Path of a packet to ${service?.name ?? vm.name}`}</title>
          <desc id="path-words">{inWords(path)}</desc>
          <rect class="box" x={x - BOX / 2} y={2} width={BOX} height={34} rx={6} />
          <text class="title" x={x} y={24} text-anchor="middle">
            istiod
          </text>
          <line class={control.state} x1={x} y1={36} x2={x} y2={TOP} />
          <text class={control.state} x={x + 8} y={70}>{`${SIGNS[control.state]} ${control.text}`}</text>
          {stages.map((stage, index) => (
            <Stage key={stage.title} stage={stage} left={2 + index * (BOX + GAP)} />
          ))}
        </svg>
      </div>
    </>
  );
}

function Stage({ stage: { title, text, link }, left }: { readonly stage: PathStage; readonly left: number }) {
  const middle = TOP + HEIGHT / 2;
  return (
    <g>
      {link && (
        <>
          <line class={link.state} x1={left - GAP} y1={middle} x2={left - 6} y2={middle} />
          <path class={link.state} d={`M ${left - 10} ${middle - 5} l 8 5 l -8 5 z`} />
          <text class={link.state} x={left - GAP / 2} y={middle - 8} text-anchor="middle">
            {`${SIGNS[link.state]} ${link.text}`}
          </text>
        </>
      )}
      <rect class="box" x={left} y={TOP} width={BOX} height={HEIGHT} rx={6} />
      <text class="title" x={left + BOX / 2} y={TOP + 26} text-anchor="middle">
        {short(title)}
      </text>
      <text class="soft" x={left + BOX / 2} y={TOP + 46} text-anchor="middle">
        {short(text)}
      </text>
    </g>
  );
}

function short(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

function inWords({ stages, control, verdict }: PacketPath): string {
  const ways = stages.flatMap(({ title, link }, index) =>
    link ? [`from ${stages[index - 1]?.title ?? ''} to ${title}: ${link.text}`] : [],
  );
  return `${[...ways, `istiod: ${control.text}`].join('; ')}. ${verdict}`;
}
