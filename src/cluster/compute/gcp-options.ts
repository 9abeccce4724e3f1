import type { InstancePlace } from './compute-engine.ts';

/**
 * Project and zone from GCP_OPTS, which Istio's scripts passed to every gcloud call: `--zone Z --project P`, also with
 * an equals sign or quotes. Other options are ignored.
 */
export function parseGcpOptions(value: string): InstancePlace {
  const option = (name: string): string | undefined =>
    new RegExp(`(?:^|\\s)--${name}(?:=|\\s+)(?:"([^"]*)"|'([^']*)'|(\\S+))`)
      .exec(value)
      ?.slice(1)
      .find((found) => found !== undefined && found !== '');
  const project = option('project');
  const zone = option('zone');
  return { ...(project === undefined ? {} : { project }), ...(zone === undefined ? {} : { zone }) };
}
