import type { Log } from '../../model/log.ts';
import type { ShowProgress } from '../../model/workload.ts';
import { describe } from '../../lib/describe-error.ts';
import type { EgressRules } from './egress-rules.ts';
import type { ImageAnswer } from './engine-answers.ts';
import { type Engine, findEngine } from './find-engine.ts';
import { removeLeftovers } from './leftovers.ts';
import { provideImage } from './provide-image.ts';
import { readEnvFiles } from './read-env-files.ts';
import { readProfile } from './read-profile.ts';
import { readVolumes, type Volume } from './read-volumes.ts';
import { refuseContainer } from './refuse-container.ts';
import type { ContainerSettings } from './schema.ts';

/** All that has to be there before a container is made. */
export interface Prepared {
  readonly engine: Engine;
  readonly image: ImageAnswer;
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly Volume[];
  /** It has no way out of its own, and only this machine reaches it. */
  readonly isIsolated: boolean;
  /** What it may call nevertheless; undefined for nobody, or everybody. */
  readonly egress: EgressRules | undefined;
}

export interface PrepareOptions {
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  readonly showProgress?: ShowProgress | undefined;
  /** What an earlier start found: then no name is looked up again. */
  readonly image?: ImageAnswer | undefined;
}

/** Finds an engine, looks at what the settings name, clears away what a killed gateway left, and fetches the image.
 * @throws UsherError engine_unavailable, container_failed, or the signal's reason
 */
export async function prepareContainer(
  name: string,
  settings: ContainerSettings,
  options: PrepareOptions,
): Promise<Prepared> {
  const { log, signal, showProgress } = options;
  const { pull } = settings;
  const { profile, allowHosts } = settings;
  const { isIsolated, egress, volumes: mounts } = await readProfile(settings.image, profile, allowHosts);
  if (isIsolated && (settings.network !== undefined || settings.publish.length > 0))
    throw refuseContainer(
      settings.image,
      `${allowHosts.length > 0 ? '--allow-host' : `its permission profile (${profile})`} lets it reach ${egress === undefined ? 'nobody' : 'some hosts only'}, and ${settings.network === undefined ? '--publish' : '--network'} is given as well`,
      'Leave one of the two out',
    );
  const engine = await findEngine(settings.engine);
  return withWords(settings.image, engine, async () => {
    const env = { ...(await readEnvFiles(settings.image, settings.envFiles)), ...settings.env };
    const volumes = await readVolumes(settings.image, [...settings.volumes, ...mounts], engine);
    await removeLeftovers(name, engine, log);
    signal?.throwIfAborted();
    const image = options.image ?? (await provideImage(settings.image, engine, { pull, log, signal, showProgress }));
    return { engine, image, env, volumes, isIsolated, egress };
  });
}

/** Does something with the engine; what the engine says when it refuses comes back in the words of the settings. */
export async function withWords<T>(image: string, { label }: Engine, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'UsherError' || error.name === 'AbortError') throw error;
    const words = describe(error);
    throw refuseContainer(image, `${label} says: ${words}`, adviseRefusal(words), error);
  }
}

function adviseRefusal(words: string): string {
  if (/unable to find user|no matching entries in passwd|unable to find group/i.test(words))
    return 'The image has no such user: give --user as a number, or leave it out';
  if (/executable file not found|no such file or directory.*unknown|no command specified/i.test(words))
    return "What stands after -- are arguments of the image's entry point; an image without one takes its command there";
  if (/port is already allocated|address already in use/i.test(words))
    return 'Another program listens on that port of this machine; stop it, or choose another one';
  if (/network .* not found|no such network|network not found/i.test(words))
    return 'Make the network, or leave --network out';
  if (/exec format error|platform/i.test(words)) return "The image is for another processor than the engine's";
  if (/not a directory|are you trying to mount a directory/i.test(words))
    return 'A file is mounted where the image has a folder, or the other way round: look at --volume';
  if (/invalid mount|bind source path does not exist|mount/i.test(words))
    return 'The engine cannot see what --volume names: engines in a virtual machine see only the folders shared with it';
  return 'Try it by itself with docker run';
}
