import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe } from '../../lib/describe-error.ts';
import { homeOfSystem } from '../../lib/home-of-system.ts';
import type { Engine } from './find-engine.ts';
import { EngineError } from './engine-client.ts';
import { refuseContainer } from './refuse-container.ts';

/** Something of this machine that the container sees. */
export interface Volume {
  /** Absolute path, or the name of a volume of the engine. */
  readonly source: string;
  readonly target: string;
  readonly isNamed: boolean;
  readonly isReadOnly: boolean;
  /** Label for SELinux, as `docker run -v` takes it. */
  readonly label: 'z' | 'Z' | undefined;
}

/** Where packages are kept that run in containers: Usher's own, made as they are needed. */
const ownVolume = /^usher-packages-[a-z]+-[0-9a-f]+$/;

/** Takes `SOURCE:PATH[:ro]` apart; the form is checked by the schema. A source without a slash is the name of a volume. */
export function parseVolume(text: string, folder = process.cwd()): Volume {
  const [, source = '', target = '', options = ''] = /^((?:[A-Za-z]:[\\/])?[^:]+):([^:]+)(?::(.*))?$/.exec(text) ?? [];
  const words = options.split(',');
  const isNamed = !/[\\/]/.test(source) && !/^(?:\.{1,2}|~)$/.test(source);
  return {
    source: isNamed ? source : resolve(folder, source.replace(/^~(?=$|\/)/, homeOfSystem())),
    target,
    isNamed,
    isReadOnly: words.includes('ro'),
    label: words.find((word) => word === 'z' || word === 'Z'),
  };
}

/** Looks that all of it exists: an engine would make a missing folder, owned by root, and a file that is misspelt would be
 * an empty folder in the container.
 * @throws UsherError container_failed
 */
export async function readVolumes(image: string, texts: readonly string[], { client }: Engine): Promise<Volume[]> {
  const volumes = texts.map((text) => parseVolume(text));
  const targets = new Set<string>();
  for (const { source, target, isNamed } of volumes) {
    if (targets.has(target))
      throw refuseContainer(image, `two volumes are mounted at ${target}`, 'Give each a path of its own');
    targets.add(target);
    if (isNamed) {
      await client.ask('GET', `/volumes/${source}`).catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.status !== 404) throw error;
        if (ownVolume.test(source)) return client.ask('POST', '/volumes/create', { body: { Name: source } });
        throw refuseContainer(
          image,
          `there is no volume called ${source} to mount at ${target}`,
          `Write ./${source} for a file or folder here, or make the volume: docker volume create ${source}`,
        );
      });
      continue;
    }
    await stat(source).catch((error: unknown) => {
      throw refuseContainer(
        image,
        `${source}, which is to be mounted at ${target}, cannot be read: ${describe(error)}`,
        'Give --volume the path of a file or folder that exists; relative ones count from here, in a file from its folder',
      );
    });
  }
  return volumes;
}
